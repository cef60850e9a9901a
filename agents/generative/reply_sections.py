"""The labelled parts of a reply: what it lists as evidence, what it answers, what it misses, in any language.

The shape tells: a label is a few words at the head of a line before a colon, or a heading; where a label has passages'
numbers behind it and nothing else, that is the evidence, and what is labelled next is the answer. Known words of many
languages tell the rest. Texts are read by `marked` before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from catena.agents.generative.citation_marks import READ, has_marks, numbered
from catena.agents.word_lists import words_for

Meaning = Literal["evidence", "answer", "missing", "source", ""]
_MEANINGS: tuple[Meaning, ...] = ("evidence", "answer", "missing", "source")
_NAME = r"[^\W\d_](?:[^\W\d_\u0c00]|[ '’/\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u097f\u0e31-\u0e4e-]){0,39}?"
_DRESS = r"[*_#>\t ]*"
_LABEL = re.compile(
    rf"^{_DRESS}(?P<name>{_NAME})[*_\t ]*(?:(?P<colon>[:：])[*_\t ]*|(?={READ}|\[\s*\])|$)"
    rf"|(?<=[\s\]\ue0c2])[*_]*(?P<inner>{_NAME})[*_\t ]*[:：][*_\t ]*",
    re.M,
)
_HEADING = re.compile(r"^[\t ]*(?:#|\*\*|__)")
_ONLY_MARKS = re.compile(rf"[\s,;.、，*_-]*(?:(?:{READ}|\[\s*\]|\(\s*\))[\s,;.、，*_-]*)+\Z")
_DEFINITION = re.compile(rf"^(?:[^\S\n]|[*•-])*{READ}\s*:[^\n]*$", re.M)
_LISTED = re.compile(rf"[\s*•-]*(?P<marks>{READ})\s*[^\s].*")
_LISTING = re.compile(rf"{_DRESS}{_NAME}[*_\t ]*(?:[:：][*_\t ]*)?(?:[\[【(][\d\s,;–-]*[\]】)][,;\s]*)+\n\s*")
"""A labelled list of passages at the head of a reply, before its marks are read."""
MAX_LABEL, UNDECIDED = 40, 12
"""Characters of a label; and those after which a reply that begins with none is an answer from its first word."""
_ASKS = re.compile(rf"\n{_DRESS}{_NAME}[*_\t ]*[:：][^\n]*[?？][*_\t ]*(?=\n|\Z)")


@dataclass(frozen=True, slots=True)
class Parts:
    """`listed` is None where no evidence is listed."""

    listed: str | None
    answer: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class _Label:
    start: int
    end: int
    meaning: Meaning
    is_first_on_line: bool


def parts(text: str) -> Parts:
    """Take a reply apart, in whichever order its parts stand."""
    labels = list(_labels(text))
    asked = _ASKS.search(text, labels[1].end if len(labels) > 1 else len(text))
    if asked:  # a model that goes on with the next question
        text = text[: asked.start()]
        labels = [label for label in labels if label.start < len(text)]
    missing = next((one for one in reversed(labels) if one.meaning == "missing"), None)
    wanted = ""
    if missing:
        wanted, text = text[missing.end :].split("\n")[0], text[: missing.start]
        labels = [label for label in labels if label.start < missing.start]
    listed, answer = _split(text, labels)
    answer, sources = _without_sources(answer)
    return Parts(sources if listed is None else listed, answer, wanted)


def answer_so_far(reply: str) -> str | None:
    """The answer in a reply that goes on, marks and all; nothing while it may still be something else.

    What is wrapped, in JSON or tags, is told when it is whole.
    """
    text = reply.lstrip()
    if len(text) < UNDECIDED or text.startswith(("{", "```", "~~~", "<", "|")):
        return None
    known = next((one for one in _labels(text) if one.meaning == "answer"), None)
    listed = _LISTING.match(text)
    behind = _LABEL.match(text, listed.end()) if listed else None
    if known:
        begin = known.end
    elif behind and behind["colon"]:
        begin = behind.end()
    elif listed and len(text) - listed.end() > MAX_LABEL:
        begin = listed.end()
    elif listed or _begins_with_evidence(text):
        return None
    else:
        begin = 0
    return _up_to_its_end(text[begin:])


def _begins_with_evidence(text: str) -> bool:
    first = next(_labels(text), None)
    is_listing = bool(re.match(rf"{_DRESS}{_NAME}[*_\t ]*[:：][*_\t ]*[\[【(]?[\d\s,\]】)]*\Z", text))
    return is_listing or bool(first and not text[: first.start].strip() and first.meaning == "evidence")


def _up_to_its_end(answer: str) -> str:
    """Without what stands behind an answer, and without a last line that may turn out to be that."""
    begin = _begin(answer)
    for label in _labels(answer):
        is_other = label.meaning in ("missing", "source", "evidence")
        if label.is_first_on_line and is_other and label.start > begin:
            return answer[: label.start].rstrip()
    line = answer.rfind("\n") + 1
    is_open = (
        line
        and len(answer) - line < MAX_LABEL
        and re.fullmatch(rf"{_DRESS}(?:{_NAME})?[*_\t ]*", answer[line:])
    )
    return answer[: line - 1] if is_open else answer


def _split(text: str, labels: list[_Label]) -> tuple[str | None, str]:
    evidence = next((one for one in labels if one.meaning == "evidence"), None)
    ends = [*(one.start for one in labels[1:]), len(text)]
    listing = (one for one, end in zip(labels, ends, strict=False) if _lists(one, text[one.end : end]))
    evidence = evidence or next(listing, None)
    answer = _answer_of(text, labels, evidence)
    if evidence is None:
        return None, text[answer.end :] if answer else text
    behind = text[evidence.end :]
    if answer and answer.start < evidence.start:
        return behind, text[answer.end : evidence.start]
    if answer:
        return text[evidence.end : answer.start], text[answer.end :]
    if text[: evidence.start].strip():
        return behind, text[: evidence.start]
    listed, _, rest = behind.partition("\n")
    if rest.strip():
        return listed, rest
    found = re.match(rf"\s*(?:{READ}[,;\s]*)+", listed)  # all on one line, and the word "Answer" forgotten
    return (found.group(), listed[found.end() :]) if found else (listed, "")


def _answer_of(text: str, labels: list[_Label], evidence: _Label | None) -> _Label | None:
    """The last label that is known for an answer's; else, behind the evidence, the one whose text names passages."""
    known = [one for one in labels if one.meaning == "answer" and text[one.end :].strip()]
    if known:
        first = known[0]
        # "Evidence" again: a draft was thrown away; without it, later labels are lines of the answer.
        return known[-1] if evidence is None or first.start > evidence.start else first
    if evidence is None:
        return None
    behind = [one for one in labels if one.start >= evidence.end and not one.meaning and one.is_first_on_line]
    if not behind:
        return None
    ends = [*(one.start for one in behind[1:]), len(text)]
    cited = [one for one, end in zip(behind, ends, strict=True) if has_marks(text[one.end : end])]
    if re.search(r"[^\W\d]", text[evidence.end : behind[0].start]):
        return None  # the answer has begun without a label, and these are lines of it
    return cited[0] if cited else behind[0]


def _lists(label: _Label, content: str) -> bool:
    """Tell whether a label that no list knows has marks behind it and nothing else, up to the next line or label."""
    if label.meaning not in ("", "source"):
        return False
    lines = content.strip("\n").split("\n\n")[0]
    return bool(_ONLY_MARKS.match(lines)) or bool(_ONLY_MARKS.match(lines.split("\n")[0]))


def _labels(text: str) -> Iterator[_Label]:
    for one in _LABEL.finditer(text):
        name = one["name"] or one["inner"]
        meaning = _meaning(name)
        is_heading = bool(_HEADING.match(one.group()))
        if one["inner"] is not None and meaning not in ("answer", "evidence"):
            continue  # in the middle of a line known words only
        if one["colon"] is None and one["inner"] is None and not meaning and not is_heading:
            continue
        if one["colon"] is None and meaning == "source" and not is_heading:
            continue
        yield _Label(one.start(), one.end(), meaning, one["inner"] is None)


def _begin(text: str) -> int:
    """Where a text begins behind its white space."""
    return len(text) - len(text.lstrip())


def _meaning(name: str) -> Meaning:
    folded = " ".join(name.casefold().replace("_", " ").split())
    return next((one for one in _MEANINGS if folded in words_for(one)), "")


def _without_sources(answer: str) -> tuple[str, str | None]:
    """An answer without the list of sources at its end, and that list: under a known label, or of marks cited above."""
    answer = _DEFINITION.sub("", answer)
    begin = _begin(answer)
    for label in _labels(answer):
        if label.meaning == "source" and label.is_first_on_line and label.start > begin:
            return answer[: label.start], answer[label.end :]
    lines = answer.rstrip().split("\n")
    start = len(lines)
    while start > 1 and _LISTED.fullmatch(lines[start - 1]):
        start -= 1
    head = "\n".join(lines[:start])
    listed = "\n".join(lines[start:])
    is_again = start < len(lines) and set(numbered(listed)) <= set(numbered(head))
    if not is_again or not numbered(head):
        return answer, None
    heading = lines[start - 1].strip() if start else ""
    is_heading = bool(heading) and not has_marks(heading) and len(heading.split()) <= 4
    return "\n".join(lines[: start - 1] if is_heading else lines[:start]), listed
