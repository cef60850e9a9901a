"""What models really write, read with patience: "Evidence: [6, 18]", then "Answer:" with [n] after sentences.

Small models forget brackets, write ranges and words around the numbers, spread the list over lines, put the
evidence last or leave it out. Numbers of passages that were not given do not count.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from catena.retrieval.sentences import sentence_spans

NOT_FOUND = "NOT IN THE DOCUMENT"
"""What the prompt asks for when the passages do not answer."""

_NUMBERS = r"\d+(?:\s*(?:,|;|-|–|—|&|\band\b|\bto\b)+\s*\[?(?:passages?\s*)?\d+)*"
_WORD = r"(?:\^|#|passages?|sources?|evidence|no\.?|nr\.?)?\s*[:#]?\s*"
_CITE = re.compile(
    rf"[\[【]\s*{_WORD}({_NUMBERS})\s*[\]】]|\(\s*(?:see\s+)?(?:passages?|sources?)\s*({_NUMBERS})\s*\)", re.I
)
_CITES = rf"(?:(?:{_CITE.pattern})[,;]?\s*)+"
_AFTER_MARK = re.compile(rf"([.!?。！？])(?P<cites>\s*{_CITES})", re.I)
_RANGE = re.compile(r"(\d+)\s*(?:-|–|—|\bto\b)\s*(\d+)|(\d+)")
_ANSWER = re.compile(r"(?:^|(?<=[\s\]]))[*_#>\s]*(?:final\s+)?answer[*_\s]*[:：][*_ \t]*", re.I)
_EVIDENCE = re.compile(
    r"^[*_#>\s]*evidence(?:\s+passages?|\s+numbers?)?[*_\s]*(?:[:：]|(?=\[))[*_ \t]*", re.I | re.M
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.I | re.S)
_NONE = re.compile(r"[\s\[\](){}.*_-]*(?:none|no|nothing|empty|n/?a)?\b[\s\[\](){}.*_-]*(?:$|\n)", re.I)
_OPENING = re.compile(
    r"^(?:based on|according to|from|as (?:stated|mentioned) in) (?:the )?(?:given |provided |above )?passages?"
    rf"(?:\s*(?:{_CITE.pattern}))*\s*[,:]\s*",
    re.I,
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_JOINT = re.compile(r"(?<=\d)[\]】]\s*([-–—]|to)\s*[\[【](?=\d)")
"""[2]-[4] is [2-4]."""
_MAX_RANGE = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the answer without its marks, and the passages that it names."""

    text: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """`denies`: the model says that the passages do not answer."""

    claims: tuple[Claim, ...]
    evidence: tuple[int, ...] = ()
    denies: bool = False


def read_reply(text: str, known: Container[int]) -> Reply:
    """Take a reply apart; numbers of passages that the model was not given are dropped."""
    listed, answer = _parts(plain(text))
    evidence = _evidence(listed or "", known)
    claims = tuple(_claims(answer, known))
    is_none = listed is not None and not evidence and bool(_NONE.match(listed))
    is_cited = any(claim.numbers for claim in claims)
    denies = _denies(answer) or (is_none and not is_cited)
    return Reply(() if denies else claims, evidence, denies)


def plain(text: str) -> str:
    """A reply without the model's thoughts, [2]-[4] written as [2-4]."""
    return _JOINT.sub(r"\1", _THOUGHT.sub("", text)).strip()


def read_line(line: str, known: Container[int]) -> Claim:
    """One line of a list or note, without bullet and marks, and the passages that it names."""
    line = _BULLET.sub("", line).replace("**", "").strip()
    cites = " , ".join(one[1] or one[2] for one in _CITE.finditer(line))
    return Claim(_plain(_CITE.sub(" ", line)), _numbers(cites, known))


def _parts(text: str) -> tuple[str | None, str]:
    """The evidence list, if there is one, and the answer, in whichever order they stand."""
    evidence, answer = _EVIDENCE.search(text), _ANSWER.search(text)
    if evidence is None:
        return None, text[answer.end() :] if answer else text
    if answer and answer.start() < evidence.start():
        return text[evidence.end() :], text[answer.end() : evidence.start()]
    if answer:
        return text[evidence.end() : answer.start()], text[answer.end() :]
    if text[: evidence.start()].strip():
        return text[evidence.end() :], text[: evidence.start()]
    listed, _, rest = text[evidence.end() :].partition("\n")
    if rest.strip():
        return listed, rest
    found = re.match(rf"\s*{_CITES}", listed, re.I)  # all on one line, and the word "Answer" forgotten
    return (found.group(), listed[found.end() :]) if found else (listed, "")


def _evidence(listed: str, known: Container[int]) -> tuple[int, ...]:
    """Bracketed numbers if there are any, since quotes beside them may hold numbers; else all."""
    cited = "".join(f" {one[1] or one[2]} ," for one in _CITE.finditer(listed))
    return _numbers(cited or listed, known)


def _numbers(text: str, known: Container[int]) -> tuple[int, ...]:
    found: list[int] = []
    for match in _RANGE.finditer(text):
        first = int(match[1] or match[3])
        last = int(match[2] or first)
        if last - first > _MAX_RANGE:
            continue
        found += [number for number in range(first, last + 1) if number in known]
    return tuple(dict.fromkeys(found))


def _claims(answer: str, known: Container[int]) -> Iterator[Claim]:
    """Sentences with their numbers; an introduction that ends in a colon states nothing."""
    for line in answer.splitlines():
        line = _BULLET.sub("", line).replace("**", "").strip()
        if opening := _OPENING.match(line):
            line = line[opening.end() :][:1].upper() + line[opening.end() + 1 :]
        line = _AFTER_MARK.sub(lambda found: f" {found['cites'].strip()}{found[1]} ", line)
        for start, end in sentence_spans(line):
            claim = read_line(line[start:end], known)
            is_opening = claim.text.endswith(":") and not claim.numbers
            if any(char.isalnum() for char in claim.text) and not is_opening:
                yield claim


def _plain(text: str) -> str:
    """Without the gaps that marks leave."""
    text = re.sub(r"\s*[,;]?\s+([.,;:!?。！？])", r"\1", " ".join(text.split()))
    return re.sub(r"([,;])(?=[.!?])", "", text).strip(" ,;")


def _denies(answer: str) -> bool:
    """The phrase of the prompt opens the answer, in whatever dress."""
    opening = re.sub(r"[^a-z ]", "", " ".join(answer.casefold().split()))[: len(NOT_FOUND) + 20].strip()
    return opening.startswith((NOT_FOUND.casefold(), "the answer is not in the document", "unanswerable"))
