"""What changed between two versions of a document, sentence by sentence.

Sentences that stand once in each version, in the same order, are the frame; what lies between two of them is compared
in full where it is short. So the time goes with the length of the documents, whatever stands in them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from catena.retrieval.sentences import ends_sentence, sentences
from catena.types import Page

ChangeKind = Literal["changed", "added", "gone", "moved"]

_MAX_GAP = 200
"""Sentences between two fixed ones that are compared each with each; longer stretches are taken in order."""
_MAX_AHEAD = 8
"""New sentences in which the counterpart of an old one is looked for."""
_LEAST_ALIKE = 0.5
"""Share of words that two sentences have in common from which one is the other, changed."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, row or heading as it stands in one version, on one line; `page` is where it begins."""

    page: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence that is another now, is new, is gone, or stands elsewhere, word for word."""

    kind: ChangeKind
    before: Sentence | None
    after: Sentence | None

    @property
    def words(self) -> list[tuple[str, str]]:
        """The words that are others now: before, after; either may be empty."""
        if self.before is None or self.after is None:
            return []
        old, new = self.before.text.split(" "), self.after.text.split(" ")
        matched = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        return [(" ".join(old[i:j]), " ".join(new[k:m])) for kind, i, j, k, m in matched if kind != "equal"]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {**asdict(self), "words": [list(one) for one in self.words]}


def body_sentences(pages: Iterable[Page]) -> list[Sentence]:
    """List the sentences of a document without running heads and feet, those over a page break whole."""
    found: list[Sentence] = []
    for page in pages:
        own = [" ".join(page.text[start:end].split()) for start, end in sentences(page)]
        if own and found and own[0][:1].islower() and not ends_sentence(found[-1].text):
            found[-1] = Sentence(found[-1].page, f"{found[-1].text} {own.pop(0)}")
        found += [Sentence(page.ref.number, text) for text in own]
    return found


def changes(before: Sequence[Sentence], after: Sequence[Sentence]) -> list[Change]:
    """List what changed, in the order of the new version; what is gone stands where it was."""
    old, new = [one.text for one in before], [one.text for one in after]
    found: list[Change] = []
    for i, j, k, m in _unequal(old, new):
        found += _paired(before[i:j], after[k:m])
    return _with_moved(found)


def _unequal(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches `old[i:j]` and `new[k:m]` that differ, between sentences that are the same."""
    first, second = 0, 0
    for at, other in [*_frame(old, new), (len(old), len(new))]:
        if max(at - first, other - second) <= _MAX_GAP:
            matcher = SequenceMatcher(None, old[first:at], new[second:other], autojunk=False)
            for kind, i, j, k, m in matcher.get_opcodes():
                if kind != "equal":
                    yield first + i, first + j, second + k, second + m
        else:
            yield first, at, second, other
        first, second = at + 1, other + 1


def _frame(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places in both of sentences that stand once in each, as many as are in one order (patience diff)."""
    once_old, once_new = _once(old), _once(new)
    pairs = [(at, once_new[text]) for text, at in once_old.items() if text in once_new]
    ends: list[int] = []
    last: list[int] = []
    previous: list[int] = []
    for number, (_, at) in enumerate(pairs):
        place = bisect_left(ends, at)
        previous.append(last[place - 1] if place else -1)
        ends[place : place + 1], last[place : place + 1] = [at], [number]
    chosen, number = [], last[-1] if last else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = previous[number]
    return chosen[::-1]


def _once(texts: Sequence[str]) -> dict[str, int]:
    counts = Counter(texts)
    return {text: at for at, text in enumerate(texts) if counts[text] == 1}


def _paired(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[Change]:
    """Tell what became of each old sentence of a stretch: the most alike of the next new ones."""
    words = [Counter(one.text.casefold().split()) for one in after]
    done = 0
    for sentence in before:
        own = Counter(sentence.text.casefold().split())
        ahead = [(_share(own, words[at]), -at) for at in range(done, min(done + _MAX_AHEAD, len(after)))]
        share, at = max(ahead, default=(0.0, 0))
        if share < _LEAST_ALIKE:
            yield Change("gone", sentence, None)
            continue
        yield from (Change("added", None, one) for one in after[done:-at])
        yield Change("changed", sentence, after[-at])
        done = 1 - at
    yield from (Change("added", None, one) for one in after[done:])


def _share(own: Counter[str], other: Counter[str]) -> float:
    return 2 * (own & other).total() / max(1, own.total() + other.total())


def _with_moved(found: Sequence[Change]) -> list[Change]:
    """Make one change of what is gone here and added, word for word, elsewhere."""
    gone: dict[str, list[Sentence]] = {}
    for one in reversed(found):
        if one.kind == "gone" and one.before:
            gone.setdefault(one.before.text, []).append(one.before)
    moved: list[Change] = []
    for one in found:
        there = gone.get(one.after.text) if one.kind == "added" and one.after else None
        moved.append(Change("moved", there.pop(), one.after) if there else one)
    taken = Counter(one.before for one in moved if one.kind == "moved")
    return [one for one in moved if one.kind != "gone" or not _take(taken, one.before)]


def _take(taken: Counter[Sentence | None], one: Sentence | None) -> bool:
    """Whether a sentence is among those taken, once each."""
    taken[one] -= 1
    return taken[one] >= 0
