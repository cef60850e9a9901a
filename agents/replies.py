"""What models really write, read with patience: "Evidence: [6, 18]", then "Answer:" with [n] after sentences.

Small models forget brackets, write ranges and words around the numbers, spread the list over lines, put the
evidence last or leave it out. Numbers of passages that were not given do not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from catena.agents.neutral import neutral
from catena.retrieval.sentences import sentence_spans

NOT_FOUND = "NOT IN THE DOCUMENT"
"""What the prompt asks for when the passages do not answer."""

_EVIDENCE_WORD = "evidence|evidenz|belege?|preuves?|evidencia|证据|証拠|根拠"
_ANSWER_WORD = "(?:final\\s+)?answer|antwort|réponse|respuesta|答案|回答"
_NUMBERS = r"\d+(?:\s*(?:,|;|-|–|—|&|\band\b|\bto\b)+\s*\[?(?:passages?\s*)?\d+)*"
_WORD = r"(?:\^|#|passages?|sources?|evidence|no\.?|nr\.?)?\s*[:#]?\s*"
_CITE = re.compile(
    rf"[\[【]\s*{_WORD}({_NUMBERS})\s*(?:†[^\]】]*)?[\]】]|\(\s*(?:see\s+)?(?:passages?|sources?)\s*({_NUMBERS})\s*\)",
    re.I,
)
_CITES = rf"(?:(?:{_CITE.pattern})[,;]?\s*)+"
_AFTER_MARK = re.compile(rf"([.!?。！？])(?P<cites>\s*{_CITES})", re.I)
_RANGE = re.compile(r"(\d+)\s*(?:-|–|—|\bto\b)\s*(\d+)|(\d+)")
_ANSWER = re.compile(
    rf"(?:^|(?<=[\s\]]))[*_#>\s]*(?:{_ANSWER_WORD})[*_\s]*[:：][*_ \t]*|^[*_#> \t]*(?:{_ANSWER_WORD})[*_ \t]*$",
    re.I | re.M,
)
_EVIDENCE = re.compile(
    rf"^[*_#>\s]*(?:{_EVIDENCE_WORD})(?:\s+passages?|\s+numbers?)?[*_ \t]*(?:[:：]|(?=\[)|$)[*_ \t]*",
    re.I | re.M,
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.I | re.S)
_NONE = re.compile(r"[\s\[\](){}.*_-]*(?:none|no|nothing|empty|n/?a)?\b[\s\[\](){}.*_-]*(?:$|\n)", re.I)
_MISSING = re.compile(r"^[*_#>\s]*missing[*_\s]*[:：][*_ \t]*(.*)$", re.I | re.M)
MAX_MISSING = 200
"""Characters of what is searched for once more."""
_OPENING = re.compile(
    r"^(?:based on|according to|from|as (?:stated|mentioned) in) (?:the )?(?:given |provided |above )?passages?"
    rf"(?:\s*(?:{_CITE.pattern}))*\s*[,:]\s*",
    re.I,
)
_DENIAL = re.compile(
    r"^(?:(?:i['’]?m |i am )?sorry,?\s+(?:but\s+)?|unfortunately,?\s+|based on [^,]{,60},\s+)*"
    r"(?:(?:none of )?the (?:given |provided |above )*(?:passages?|documents?|texts?|context|evidence)"
    r" (?:do(?:es)? not|don['’]t|doesn['’]t|did not) (?:directly |explicitly |clearly )?"
    r"(?:mention|state|say|contain|provide|specify|answer|give|discuss|address|indicate|disclose|have)"
    r"|there is (?:no|not enough|insufficient) (?:information|mention|evidence)"
    r"|no (?:relevant )?(?:information|passage)"
    r"|none of the (?:given |provided )*passages|(?:it|this|that) is not (?:stated|mentioned|specified)"
    r"|i (?:cannot|could not|can['’]t|couldn['’]t) (?:find|answer|determine)"
    r"|not (?:stated|mentioned|specified|found|available|in the))\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*```\w*\s*$", re.M)
_ROUND = re.compile(r"\((\d+(?:\s*,\s*\d+)*)\)(?=\W*$)")
"""(6) at the end of a sentence, as models write who forget the brackets."""
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
    """`denies`: the model says that the passages do not answer; `missing`: what it would look for."""

    claims: tuple[Claim, ...]
    evidence: tuple[int, ...] = ()
    denies: bool = False
    missing: str = ""


def read_reply(text: str, known: Container[int]) -> Reply:
    """Take a reply apart; numbers of passages that the model was not given are dropped."""
    text = plain(text)
    missing = _MISSING.search(text)
    listed, answer = _parts(_MISSING.sub("", text))
    evidence = _evidence(listed or "", known)
    if evidence and not _CITE.search(answer):
        answer = _squared(answer, set(evidence))
    claims = tuple(_claims(answer, known))
    is_none = listed is not None and not evidence and bool(_NONE.match(listed))
    is_cited = any(claim.numbers for claim in claims)
    wanted = " ".join(missing[1].split())[:MAX_MISSING] if missing and not _NONE.match(missing[1]) else ""
    is_refused = len(claims) <= 1 or not is_cited
    says_only_what_is_missing = bool(wanted) and not claims
    denies = _denies(answer, is_refused) or (is_none and not is_cited) or says_only_what_is_missing
    return Reply(() if denies else claims, evidence, denies, wanted)


def plain(text: str) -> str:
    """A reply without the model's thoughts and code fences, [2]-[4] written as [2-4]; JSON as two parts."""
    text = _FENCE.sub("", _THOUGHT.sub("", text)).strip()
    return _JOINT.sub(r"\1", _from_json(text) if text.startswith("{") else text)


def _from_json(text: str) -> str:
    """Some models write JSON though nobody asked."""
    try:
        found = {key.casefold(): value for key, value in json.loads(text).items()}
    except ValueError:
        return text
    if not isinstance(found.get("answer"), str):
        return text
    return f"Evidence: {json.dumps(found.get('evidence', []))}\nAnswer: {found['answer']}"


def _squared(answer: str, evidence: set[int]) -> str:
    """(6) as [6], where it ends a sentence and the evidence names it."""

    def square(found: re.Match[str]) -> str:
        is_known = all(int(number) in evidence for number in found[1].split(","))
        return f"[{found[1]}]" if is_known else found.group()

    lines = [
        "".join(_ROUND.sub(square, line[start:end]) + " " for start, end in sentence_spans(line))
        for line in answer.splitlines()
    ]
    return "\n".join(lines)


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
    """Without the gaps that marks leave, and without markup."""
    text = re.sub(r"\s*[,;]?\s+([.,;:!?。！？])", r"\1", " ".join(text.split()))
    return neutral(re.sub(r"([,;])(?=[.!?])", "", text).strip(" ,;"))


def _denies(answer: str, is_refused: bool) -> bool:
    """The phrase of the prompt opens the answer, in whatever dress; or another one is all that is said."""
    if is_refused and _DENIAL.match(" ".join(_CITE.sub(" ", answer).split())):
        return True
    opening = re.sub(r"[^a-z ]", "", " ".join(answer.casefold().split()))[: len(NOT_FOUND) + 20].strip()
    return opening.startswith((NOT_FOUND.casefold(), "the answer is not in the document", "unanswerable"))
