"""A question and its answer as one statement, by rules: "Who ran away?" and "the fox" make "the fox ran away"."""

from __future__ import annotations

import re

_AUXILIARY = r"(?:did|does|do|was|were|is|are|has|have|had|will|would|can|could|should)"
_SUBJECT = re.compile(rf"(?:who|what)\s+(?!{_AUXILIARY}\b)(?P<rest>\w.*)", re.I)
_OF_WHAT = re.compile(r"(?:who|what|which)\s+(?P<verb>was|were|is|are)\s+(?P<rest>.+)", re.I)
_OTHER = re.compile(rf"(?:who|what|where|when|why|how)\s+{_AUXILIARY}\s+(?P<rest>.+)", re.I)
_NONE = re.compile(r"\W*(?:yes|no|none|not answerable|n/?a)\b|^\W*\[", re.I)
LONGEST = 40
"""Words of an answer; longer ones are several statements."""


def stated(question: str, answer: str) -> str | None:
    """The statement; nothing for yes and no, for lists, and for answers of several sentences.

    Verbs keep their form ("the fox go home"), as the check compares stems. A question of another form stands whole
    before its answer.
    """
    if not answer.strip() or _NONE.match(answer) or len(answer.split()) > LONGEST:
        return None
    asked, said = " ".join(question.split()).rstrip(" ?."), " ".join(answer.split()).rstrip(" .")
    if found := _SUBJECT.fullmatch(asked):
        return f"{said} {found['rest']}."
    if found := _OF_WHAT.fullmatch(asked):
        return f"{found['rest']} {found['verb']} {said}."
    if found := _OTHER.fullmatch(asked):
        return f"{found['rest']} {said}."
    return f"{asked} {said}."
