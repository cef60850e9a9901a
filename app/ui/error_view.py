"""An error on the screen: what happened, what to do, and an id that stands in the log. Never a traceback."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from catena.app.ui.labels import plain
from catena.errors import CatenaError

Shown = ParamSpec("Shown")
_log = logging.getLogger(__name__)


def guarded(show: Callable[Shown, None]) -> Callable[Shown, None]:
    """A page, or a part that is drawn on its own, that says what went wrong."""

    @wraps(show)
    def page(*args: Shown.args, **kwargs: Shown.kwargs) -> None:
        try:
            show(*args, **kwargs)
        except CatenaError as error:
            show_error(error)
        except Exception as error:  # a process border: the page's visitor is told, the log has the rest
            number = uuid.uuid4().hex[:8]
            _log.exception("error %s", number)
            st.error(
                f"**Something went wrong in Catena itself** ({type(error).__name__}).\n\nNothing in your library is"
                f" lost. Load the page again; if it comes back, report it with the log entry `{number}`.",
                icon=":material/error:",
            )

    return page


def show_error(error: CatenaError) -> None:
    """Name, reason, remedy, and the id under which the log has it."""
    number = uuid.uuid4().hex[:8]
    _log.warning("error %s: %s", number, error)
    show_trouble(type(error).__name__, error.message, f"{error.remedy} (log: {number})".strip())


def show_trouble(name: str, message: str, remedy: str) -> None:
    st.error(f"**{plain(name)}**: {plain(message)}\n\n{plain(remedy)}", icon=":material/error:")
