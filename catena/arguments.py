"""Arguments of the SDK, checked where they are given. Each check raises OptionError: name, value, what is allowed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr
from typing import Any

from catena.errors import OptionError
from catena.web_addresses import WebPath, is_address, web_path

LARGEST = 1_000_000_000
"""Counts above it are slips of the pen; databases take no number above 2**63."""
MAX_NAME = 200
_BRIEF = Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60


def refused(name: str, value: object, allowed: str, remedy: str) -> OptionError:
    """The error of an option that has a value it does not take."""
    return OptionError(f"{name} must be {allowed}, not {_BRIEF.repr(value)}.", remedy)


def require_whole(name: str, value: object, least: int = 1, most: int = LARGEST) -> None:
    """Raise OptionError for what is no whole number in this range."""
    if type(value) is not int or not least <= value <= most:
        allowed = f"a whole number of {least} or more" if most == LARGEST else f"from {least} to {most}"
        raise refused(name, value, allowed, f"Give a whole number, as {name}={max(least, min(1, most))}.")


def require_number(name: str, value: object, least: float = 0.0, most: float = math.inf) -> None:
    """Raise OptionError for what is no finite number in this range."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most or value in (math.inf, -math.inf):  # type: ignore[operator]
        allowed = f"a number of {least:g} or more" if most == math.inf else f"from {least:g} to {most:g}"
        raise refused(name, value, allowed, f"Give a number, as {name}={min(most, least + 1):g}.")


def require_choice(name: str, value: object, allowed: Sequence[Any]) -> None:
    """Raise OptionError for what is none of the allowed values; the remedy names the nearest one."""
    if any(type(value) is type(one) and value == one for one in allowed):
        return
    near = get_close_matches(str(value), [str(one) for one in allowed], 2)
    remedy = f"Did you mean {' or '.join(near)}?" if near else f"Give one of these, as {name}={allowed[0]!r}."
    raise refused(name, value, f"one of {', '.join(map(repr, allowed))}", remedy)


def require_text(name: str, value: object, *, is_filled: bool = True) -> None:
    """Raise OptionError for what is no text, for one of nothing, and for one with half a character."""
    if isinstance(value, str) and _is_whole(value) and (value.strip() or not is_filled):
        return
    raise refused(name, value, "a text", f"Give {name} as a str of whole characters.")


def check_names(names: Iterable[str]) -> None:
    """Raise OptionError for what is no name of a collection or tag."""
    for name in names:
        require_text("name", name)
        if ":" in name or len(name) > MAX_NAME or name != " ".join(name.split()):
            raise OptionError(
                f"{name[:40]!r} is no name of a collection or tag.",
                f"Take up to {MAX_NAME} characters without a colon, words apart by one space.",
            )


def require_secret(name: str, value: object) -> None:
    """Raise OptionError for what is no text, without showing it."""
    if not isinstance(value, str) or not _is_whole(value):
        raise OptionError(f"{name} must be a text, not {type(value).__name__}.", f"Give {name} as a str.")


def require_flag(name: str, value: object) -> None:
    """Raise OptionError for what is neither True nor False."""
    if not isinstance(value, bool):
        raise refused(name, value, "True or False", f"Give {name}=True, or leave it out.")


def require_callback(name: str, value: object) -> None:
    """Raise OptionError for what is there and cannot be called."""
    if value is not None and not callable(value):
        raise refused(name, value, "a function", f"Give {name} a function, or leave it out.")


def require_a(kind: type, name: str, value: object, *, is_optional: bool = False) -> None:
    """Raise OptionError for what is no value of this class."""
    if not isinstance(value, kind) and not (is_optional and value is None):
        raise refused(name, value, f"a catena.{kind.__name__}", f"Give {name}=catena.{kind.__name__}(...).")


def require_keys(name: str, value: object) -> None:
    """Raise OptionError for what are no variables of an environment, without showing them."""
    pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
    if not all(
        isinstance(one, str) and one and _is_whole(one) and "\0" not in one for pair in pairs for one in pair
    ):
        remedy = f'Give {name}={{"OPENAI_API_KEY": "..."}}.'
        raise OptionError(f"{name} must be texts by the names of variables.", remedy)


def path_of(name: str, value: object) -> Path:
    """A path that a file can have, or that of an address. Raises OptionError."""
    if isinstance(value, WebPath) or is_address(value):
        return value if isinstance(value, WebPath) else web_path(str(value))
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise refused(name, value, "the path of a file or folder", f"Give {name} as a str or a pathlib.Path.")
    return Path(text)


def list_of(name: str, value: object, *single: type) -> list[Any]:
    """The values of a sequence; one of a class of `single` is a sequence of itself. Raises OptionError."""
    if isinstance(value, single):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | bytearray | Mapping):
        raise refused(name, value, "a sequence", f"Give {name}=[...].")
    return list(value)


def boxes_of(name: str, value: object) -> list[tuple[float, float, float, float]]:
    """Boxes of a page, each four numbers. Raises OptionError."""
    boxes = [tuple(list_of(name, box)) for box in list_of(name, value)]
    for box in boxes:
        if len(box) != 4:
            raise refused(name, box, "boxes of four numbers", "Give x0, y0, x1 and y1 in points.")
        for edge in box:
            require_number(name, edge, -LARGEST, LARGEST)
    return boxes


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
