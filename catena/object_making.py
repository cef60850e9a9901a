"""Objects of others' packages, made as a setting says: `make` names what makes one, the rest are its arguments.

{"make": "qdrant_client:QdrantClient", "url": "http://localhost:6333", "api_key": "$QDRANT_API_KEY"}
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import reduce
from importlib import import_module
from typing import Any

from catena.environment import is_secret
from catena.errors import OptionError

MAKE = "make"
_MAKER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")

Spec = str | Mapping[str, Any]
"""What makes an object: its name alone, or a table of it and the arguments."""


def check_spec(spec: Spec) -> None:
    """Raise ValueError for what makes nothing, and for one that holds a key: settings are shown and kept."""
    table = {MAKE: spec} if isinstance(spec, str) else spec
    if not _MAKER.fullmatch(str(table.get(MAKE, ""))):
        raise ValueError(f'{MAKE} names what makes it as "module:Class", not {table.get(MAKE)!r}')
    _check_arguments(table)


def _check_arguments(table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if isinstance(value, Mapping):
            check_spec(value) if MAKE in value else _check_arguments(value)
        elif isinstance(value, str) and is_secret(name, value) and not value.startswith("$"):
            raise ValueError(f'{name} holds a key: put that in a variable, and name it here, as "$MY_KEY"')


def made(spec: Spec) -> Any:
    """Import what makes the object, and make it. Raises OptionError, and what it raises itself."""
    table = {MAKE: spec} if isinstance(spec, str) else spec
    maker = _maker(table[MAKE])
    arguments = {name: _value(value) for name, value in table.items() if name != MAKE}
    try:
        return maker(**arguments)
    except (TypeError, ValueError) as error:  # pydantic's ValidationError, too
        raise OptionError(f"{table[MAKE]} does not take these arguments: {error}", _SEE) from error


_SEE = "Change the setting vector_store: see docs/vector-stores.md."


def _maker(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        return reduce(getattr, path.split("."), import_module(module))
    except ModuleNotFoundError as error:
        package = (error.name or module).replace("_", "-").replace(".", "-")
        raise OptionError(
            f"The module {error.name or module} of {name} is not installed.", f"Install it, as {package}."
        ) from error
    except AttributeError as error:
        raise OptionError(f"There is no {path} in the module {module}.", _SEE) from error


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return made(value) if MAKE in value else {name: _value(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, str) and value.startswith("$"):
        found = os.environ.get(value[1:])
        if found is None:
            raise OptionError(f"The variable {value[1:]} is not set.", f"Set {value[1:]}.")
        return found
    return value
