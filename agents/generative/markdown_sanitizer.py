"""A model's text made harmless to whoever renders it as Markdown: no link, no image, no HTML, nothing is fetched."""

from __future__ import annotations

import re

_LINK = re.compile(r"\](?=[(\[:])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def neutral(text: str) -> str:
    """`![x](http://…)` becomes `![x] (http://…)`, `<img …>` becomes `< img …>`: words stay, markup does not.

    Small enough to be done to a reply piece by piece; see `MarkdownSanitizer`.
    """
    return _TAG.sub("< ", _LINK.sub("] ", text))


class MarkdownSanitizer:
    """The same for a text that comes in pieces: markup that is cut in two does not slip through."""

    def __init__(self) -> None:
        self._last = ""

    def feed(self, piece: str) -> str:
        whole = neutral(self._last + piece)
        kept = whole[len(self._last) :]
        self._last = piece[-1:] or self._last
        return kept
