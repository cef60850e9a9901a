"""The fields of a reference that people give: each checked, identifiers by their form and check digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from catena.arguments import list_of, refused, require_choice, require_text, require_whole
from catena.ingest.identifiers import plain_doi, plain_isbn
from catena.types import Reference

FIELDS = tuple(one.name for one in fields(Reference))
MAX_TEXT, MAX_AUTHORS = 1000, 500


def checked_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are kept; one that is None stays so. Raises OptionError."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        require_choice("field", name, FIELDS)
        found[name] = None if value is None else _CHECKS[name](name, value)
    return found


def _text(name: str, value: Any) -> str:
    require_text(name, value, is_filled=False)
    if len(value) > MAX_TEXT:
        raise refused(name, value, f"at most {MAX_TEXT} characters long", "Shorten it.")
    return " ".join(str(value).split())


def _authors(name: str, value: Any) -> tuple[str, ...]:
    given = list_of(name, value, str)
    if len(given) > MAX_AUTHORS:
        raise refused(name, value, f"at most {MAX_AUTHORS} names", "Name the first.")
    return tuple(text for one in given if (text := _text(name, one)))


def _year(name: str, value: Any) -> int:
    require_whole(name, value, 1, 9999)
    return int(value)


def _identifier(plain: Callable[[str], str], example: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        text = _text(name, value)
        found = plain(text)
        if text and not found:
            raise refused(name, value, f"one as {example}, its digits right", "Copy it again.")
        return found

    return check


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "authors": _authors,
    "year": _year,
    "title": _text,
    "venue": _text,
    "doi": _identifier(plain_doi, "10.18637/jss.v014.i06"),
    "isbn": _identifier(plain_isbn, "978-0-306-40615-7"),
}
