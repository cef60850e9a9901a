"""Guard of commands that need a checkout: `benchmarks/` is for developers, and not in the wheel."""

from __future__ import annotations

from importlib.util import find_spec

from catena.errors import OptionError

SOURCE = "catena.benchmarks"


def require_checkout() -> None:
    """Raise OptionError where Catena was installed without its measurements."""
    if find_spec(SOURCE) is None:
        raise OptionError(
            "Measurements are not installed: they are in Catena's source, and no part of the package.",
            "Get the source, and run `make test` once and then .venv/bin/catena there (CONTRIBUTING.md).",
        )
