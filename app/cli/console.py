"""The console of the command line: our markup is read, that of documents and models is not, and no emoji codes."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from catena.render.harmless import one_line, without_codes


class HarmlessConsole(Console):
    """Rich's, but no string that it renders commands the terminal, whoever forgot to look at it."""

    def __init__(self, *, is_error: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(stderr=is_error, highlight=False, soft_wrap=soft_wrap, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(without_codes(text), **options)


def marked(text: str) -> str:
    """Text of others within our markup, on one line."""
    return escape(one_line(text))
