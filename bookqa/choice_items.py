"""Items that offer two sentences to choose from: which was meant by "(a)", and which one a response chose."""

from __future__ import annotations

import re
from collections.abc import Mapping

from catena.bookqa.items import Item

_OPTION = re.compile(r"\((?P<letter>[ab])\) “(?P<text>[^“”]+)”")
_LETTER = re.compile(r"(?<!\w)\(?([ab])\)", re.IGNORECASE)


def options(item: Item) -> Mapping[str, str]:
    """The sentences of an item by their letter; empty for an item that offers none."""
    found = {one["letter"]: one["text"] for one in _OPTION.finditer(item.question)}
    return found if item.answer.strip("()") in found else {}


def chosen(item: Item, reply: str) -> str:
    """The letter that a reply names, or the one whose sentence it quotes; empty where it says both or neither."""
    letters = {letter.lower() for letter in _LETTER.findall(reply)}
    if not letters:
        said = _plain(reply)
        letters = {letter for letter, text in options(item).items() if _plain(text) in said}
    return letters.pop() if len(letters) == 1 else ""


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
