"""Stand-ins for patterns and lists of words that say when they fire: when they match, or hold what is looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import fields, is_dataclass, replace
from typing import Any

Note = Callable[[], None]


class Watch:
    """Keeps the names of the rules that fired since it was last asked."""

    def __init__(self) -> None:
        self._fired: set[str] = set()

    def note(self, name: str) -> Note:
        return lambda: self._fired.add(name)

    def fired(self) -> list[str]:
        """Names of the rules that fired, sorted; none of them counts again."""
        found = sorted(self._fired)
        self._fired.clear()
        return found


def watched(value: Any, note: Note) -> Any:
    """A stand-in; lists and records with patterns or words inside get stand-ins for those."""
    if isinstance(value, re.Pattern):
        return WatchedPattern(value, note)
    if isinstance(value, Mapping):
        return WatchedTable(value, note)
    if isinstance(value, Set):
        return WatchedWords(value, note)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _inside(getattr(value, one.name), note) for one in fields(value)})
    if isinstance(value, tuple | list) and any(_holds_rules(one) for one in value):
        return type(value)(_inside(one, note) for one in value)
    return WatchedList(value, note) if isinstance(value, list) else WatchedTuple(value).telling(note)


def _inside(value: Any, note: Note) -> Any:
    return watched(value, note) if _holds_rules(value) else value


def _holds_rules(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds_rules, value))
    is_record = is_dataclass(value) and not isinstance(value, type)
    return is_record or isinstance(value, re.Pattern | Set | Mapping)


class WatchedPattern:
    """A compiled pattern that tells when it matches."""

    def __init__(self, pattern: re.Pattern[str], note: Note) -> None:
        self._pattern, self._note = pattern, note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def _told(self, found: Any) -> Any:
        if found:
            self._note()
        return found

    def search(self, *given: Any) -> Any:
        return self._told(self._pattern.search(*given))

    def match(self, *given: Any) -> Any:
        return self._told(self._pattern.match(*given))

    def fullmatch(self, *given: Any) -> Any:
        return self._told(self._pattern.fullmatch(*given))

    def findall(self, *given: Any) -> Any:
        return self._told(self._pattern.findall(*given))

    def finditer(self, *given: Any) -> Iterator[Any]:
        return iter(self._told(list(self._pattern.finditer(*given))))

    def split(self, *given: Any, **more: Any) -> Any:
        parts = self._pattern.split(*given, **more)
        self._told(len(parts) > 1)
        return parts

    def sub(self, *given: Any, **more: Any) -> str:
        text, count = self._pattern.subn(*given, **more)
        self._told(count)
        return text


class WatchedWords(Set[Any]):
    """A set that tells when it holds what is looked for, or is gone through."""

    def __init__(self, words: Set[Any], note: Note) -> None:
        self._words, self._note = words, note

    @classmethod
    def _from_iterable(cls, it: Any) -> Any:
        return frozenset(it)

    def __contains__(self, word: object) -> bool:
        is_there = word in self._words
        if is_there:
            self._note()
        return is_there

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __hash__(self) -> int:
        return hash(self._words)


class WatchedTable(Mapping[Any, Any]):
    """A dict that tells when it has what is looked up, or is gone through."""

    def __init__(self, table: Mapping[Any, Any], note: Note) -> None:
        self._table, self._note = table, note

    def __getitem__(self, key: Any) -> Any:
        value = self._table[key]
        self._note()
        return value

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


class WatchedList(list[Any]):
    """A list that tells when it is gone through, or holds what is looked for."""

    def __init__(self, values: list[Any], note: Note) -> None:
        super().__init__(values)
        self._note = note

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return super().__iter__()

    def __contains__(self, value: object) -> bool:
        is_there = super().__contains__(value)
        if is_there:
            self._note()
        return is_there


class WatchedTuple(tuple[Any, ...]):
    """The same of a tuple."""

    _note: Note

    def telling(self, note: Note) -> WatchedTuple:
        self._note = note
        return self

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return super().__iter__()

    def __contains__(self, value: object) -> bool:
        is_there = super().__contains__(value)
        if is_there:
            self._note()
        return is_there
