"""Words that people ask with, and things that they ask about: a thing that no page names has no answer there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from catena.agents.spelling import Frequency
from catena.retrieval.analysis import STOPWORDS, terms
from catena.retrieval.words import common_words

_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_THING = re.compile(r"[a-z]{4,}")
_BEFORE = _WORD.findall("a an the its his her their our my your of in on for by with from many much")
"""What stands before a thing, or before the word that stands before it."""
_AUXILIARY = _WORD.findall("do does did will would can could should must has have had is are was were")
_ASKING = """
amount annual answer appear appendix attribute attributed average axis background bar begin benefit big
biggest black blue body bottom brown business cause change chapter charge chart circle color colour company
compare compared comparison contain corner cost count data date day decrease define describe detail diagram
difference different discuss discussed display document earn employ employee end entire enumerate exactly
exceed except exist explain far figure find finish firm first format formatted found full get give gray
greater greatest green grey happen higher highest illustrate illustrated image include increase introduce
introduced item items kind kinds know largest last least left legend less letter line list locate located
location logo long lower lowest main make margin mean measure measurement mention mentioned method middle
month more most name need next number occur often old operate orange order organization own page paper
paragraph pay people percent percentage person picture pink platform population price primary purple purpose
quote quoted rank rate ratio reach reason rectangle red regard regarding relate related report represent right
said score second section shape share show shown single slide slides smallest sort source spend stand start
step stop subsection sum table take tell text time title top total type types use used user users using value
want way white whole word words work worker write year yearly yellow
"""
"""Of an answer's form, a document's parts and looks, comparing and counting: no document needs to use them."""


def unknown_things(question: str, frequency: Frequency) -> list[str]:
    """The common English words for a thing asked about that the document never uses ("bicycle" in a bank's report).

    Rare words may be misspelt, and what begins with a capital is a name.
    """
    words = _WORD.findall(question)
    things = [word for at, word in enumerate(words) if _THING.fullmatch(word) and _is_noun(words, at)]
    common = [one for one in dict.fromkeys(things) if one in common_words() and one not in STOPWORDS]
    return [one for one in common if not any(map(frequency, terms(one))) and not _is_of_asking(one)]


def _is_noun(words: Sequence[str], at: int) -> bool:
    """Whether a word stands where a noun does: "the division", "the bicycle division"; not "did the bicycle break"."""
    if at and words[at - 1] in _BEFORE:
        return True
    return at > 1 and words[at - 2] in _BEFORE and (at < 3 or words[at - 3].lower() not in _AUXILIARY)


def _is_of_asking(word: str) -> bool:
    return any(term in _asking_terms() for term in terms(word))


@cache
def _asking_terms() -> frozenset[str]:
    return frozenset(terms(_ASKING))
