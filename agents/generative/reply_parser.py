"""Lenient parser of model replies: "Evidence: [6, 18]", then "Answer:" with [n] after sentences.

Small models forget brackets, write ranges and words around the numbers, spread the list over lines, put the
evidence last or leave it out; others think aloud, translate the labels, write JSON or tables, or repeat themselves.
Numbers of passages that were not given do not count, and what is not understood is never read as a claim.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from catena.agents.generative.citation_marks import READ, has_marks, marked, numbered, numbers_in, unmarked
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.refusals import NOT_FOUND, declines, denies, opens_with_not_found
from catena.agents.generative.reply_sections import parts
from catena.agents.generative.reply_unwrapping import unwrapped
from catena.agents.word_lists import words_for
from catena.llm.spoken_text import spoken
from catena.retrieval.sentences import sentence_spans

__all__ = ["NOT_FOUND", "Claim", "Reply", "plain", "read_line", "read_reply"]

MAX_MISSING = 200
"""Characters of what is searched for once more."""
_OPENING = re.compile(
    r"^(?:based on|according to|from|as (?:stated|mentioned) in) (?:the )?(?:given |provided |above )?passages?"
    rf"(?:\s*{READ})*\s*[,:]\s*",
    re.I,
)
_BULLET = re.compile(r"^\s*(?:[-*•▪◦‣·]|\d{1,2}[.)])\s+")
_ADDRESSES = re.compile(
    r"\b(?:i|me|you|your|ich|sie|ihnen|dir|je|vous|usted|te|le|ti|vi|você|вам|вас|мне)\b|您|你|お知らせ|ください|세요",
    re.I,
)
"""Who speaks to whom: a document's fact seldom speaks of "you" and "I"."""
_NAMES = re.compile(r"(?<=\s)[A-Z][a-z]")


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the answer without its marks, and the passages that it names."""

    text: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """`denies`: the model says that the passages do not answer; `missing`: what it would look for.

    `declines`: it will not answer, whatever the passages say.
    """

    claims: tuple[Claim, ...]
    evidence: tuple[int, ...] = ()
    denies: bool = False
    missing: str = ""
    declines: bool = False


def read_reply(text: str, known: Container[int], source: str = "") -> Reply:
    """Take a reply apart; numbers of passages that the model was not given are dropped.

    `source` is what it was shown: a number in brackets that stands there so is the document's own.
    """
    part = parts(marked(plain(text), known, source))
    evidence = _evidence(part.listed or "", known)
    answer = part.answer
    if evidence and not has_marks(answer):
        answer = marked(unmarked(answer), set(evidence), source)
    claims = tuple(_without_chatter(_once(_claims(answer)), has_marks(answer)))
    is_none = part.listed is not None and not evidence and _is_none(part.listed)
    is_cited = any(claim.numbers for claim in claims)
    wanted = " ".join(unmarked(part.missing).strip("*_ ").split())[:MAX_MISSING]
    wanted = "" if _is_none(wanted) else wanted
    is_short = len(claims) <= 1 or not is_cited
    said = _without_space(unmarked(answer))
    is_denied = opens_with_not_found(said) or (is_short and denies(said))
    is_denied = is_denied or (is_none and not is_cited) or (bool(wanted) and not claims)
    is_declined = (
        not is_cited and not opens_with_not_found(said) and declines(said) and not (is_short and denies(said))
    )
    is_empty = is_denied or is_declined
    return Reply(() if is_empty else claims, evidence, is_denied and not is_declined, wanted, is_declined)


def plain(text: str) -> str:
    """Return a reply's plain text, out of whatever it is wrapped in."""
    return unwrapped(spoken(text).text)


def read_line(line: str, known: Container[int]) -> Claim:
    """One line of a list or note, without bullet and marks, and the passages that it names."""
    return _claim(marked(line, known))


def _claim(line: str) -> Claim:
    line = _BULLET.sub("", line).replace("**", "").strip()
    return Claim(_tidy(unmarked(line)), numbered(line))


def _evidence(listed: str, known: Container[int]) -> tuple[int, ...]:
    """Marked numbers if there are any, since quotes beside them may hold numbers; else all."""
    return tuple(number for number in numbered(listed) if number in known) or numbers_in(
        unmarked(listed), known
    )


def _is_none(text: str) -> bool:
    """Tell whether nothing is listed: empty brackets, or a word for it."""
    first = unmarked(text).strip().split("\n")[0].strip(" \t[](){}.*_-\"'").casefold()
    return not first or first in words_for("none")


def _claims(answer: str) -> Iterator[Claim]:
    """Sentences with their numbers; an introduction that ends in a colon states nothing."""
    for line in answer.splitlines():
        line = _BULLET.sub("", line).replace("**", "").strip().lstrip("#>| ")
        if opening := _OPENING.match(line):
            line = line[opening.end() :][:1].upper() + line[opening.end() + 1 :]
        for start, end in sentence_spans(line):
            claim = _claim(line[start:end])
            is_opening = claim.text.endswith((":", "：")) and not claim.numbers
            if any(char.isalnum() for char in claim.text) and not is_opening:
                yield claim


def _once(claims: Iterator[Claim]) -> list[Claim]:
    """Each sentence once, with all the passages that it names; one that breaks off in a repetition goes."""
    found: dict[str, Claim] = {}
    last = ""
    for claim in claims:
        key = " ".join(claim.text.split())
        before = found.get(key)
        numbers = (*before.numbers, *claim.numbers) if before else claim.numbers
        found[key] = replace(before or claim, numbers=tuple(dict.fromkeys(numbers)))
        last = key
    is_half = last and last[-1:].isalnum() and any(key.startswith(last) for key in found if key != last)
    return [claim for key, claim in found.items() if not (is_half and key == last)]


def _without_chatter(claims: Sequence[Claim], is_cited: bool) -> Sequence[Claim]:
    """Without greetings before and offers behind what is said: they name no passage, and speak to the reader."""
    first, last = 0, len(claims)
    while last - first > 1 and _is_chatter(claims[last - 1], is_cited):
        last -= 1
    while last - first > 1 and _is_chatter(claims[first], is_cited):
        first += 1
    return claims[first:last]


def _is_chatter(claim: Claim, is_cited: bool) -> bool:
    if claim.numbers or re.search(r"\d", claim.text):
        return False
    calls = claim.text.endswith(("!", "?", "！", "？"))
    speaks = bool(_ADDRESSES.search(claim.text)) and not _NAMES.search(claim.text)
    return calls or speaks if is_cited else calls and (speaks or len(claim.text.split()) <= 3)


def _without_space(text: str) -> str:
    return " ".join(text.split()).strip("*_#> ")


def _tidy(text: str) -> str:
    """Without the gaps that marks leave, and without markup."""
    text = re.sub(r"\s*[,;]?\s+([.,;:!?。！？])", r"\1", " ".join(text.split()))
    return neutral(re.sub(r"([,;])(?=[.!?])", "", text).strip(" ,;"))
