"""The names of a text: all forms of each, who is a person and of which sex, and the sentences that hold one.

Names are joined by titles, given names and surnames. No model, no download.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from catena.agents.extractive.proper_names import Found, Name, Sex, find_names, is_titled, name_words

EntityKind = Literal["person", "place", "other"]

MIN_COUNT = 4
"""Mentions by name below which nobody asks about it."""
MIN_SPEECH = 0.06
"""Share of mentions beside a verb of speech, or as who does something, that makes a person without a title."""
MIN_PLACE = 0.5
"""Share of mentions behind "in", "at", "to" that makes a place."""
SURE = 5
"""How many pronouns a title weighs."""
CLEARLY = 1.4
"""How much more often one sex is told than the other."""
MIN_FULL, MIN_FULL_COUNT = 0.02, 6
"""Share of the mentions, or their number, that a form with given name and surname needs to be the name."""
_SPEECH = re.compile(
    r"\b(?:said|replied|cried|asked|answered|exclaimed|returned|rejoined|whispered|murmured|inquired|observed|"
    r"remarked|continued|added|interrupted|muttered|thought|smiled|laughed|nodded|sighed)\s+$"
)
_VERB = re.compile(
    r"^(?:'s)?\s+(?:said|replied|cried|asked|answered|exclaimed|returned|rejoined|whispered|thought|had|was|looked|"
    r"turned|went|came|felt|sat|stood|did|took|smiled|laughed)\b"
)
_TO_PLACE = re.compile(r"\b(?:in|at|to|from|near|for|of|through|into|towards|leave|left|reached)\s+$")


@dataclass(frozen=True, slots=True)
class Named:
    """A person, place or thing by name: all forms of it, most frequent first, and the sentences that hold one."""

    name: str
    aliases: tuple[str, ...]
    kind: EntityKind
    sex: Sex
    sentences: tuple[int, ...]


def name_table(texts: Sequence[str]) -> list[Named]:
    """List what the sentences of a book name, each with the forms of its name and the numbers of the sentences."""
    told = [(number, text) for number, text in enumerate(texts) if not text.isupper()]
    known = name_words(text for _, text in told)
    found = [one for number, text in told for one in find_names(number, text, known)]
    groups = _group(found)
    of: dict[Name, list[Found]] = defaultdict(list)
    for one in found:
        if one.name in groups:
            of[groups[one.name]].append(one)
    return [_describe(ones) for ones in of.values() if len(ones) >= MIN_COUNT]


def _group(found: Sequence[Found]) -> dict[Name, Name]:
    """Map each form to the name that it stands for: the fullest one that it can belong to."""
    counts = Counter(one.name for one in found)
    sexes = _sexes(found)
    heads: dict[Name, Name] = {}
    for name, count in counts.most_common():  # "Mr. Oliver Twist" is "Oliver Twist"
        if len(name.words) > 1 and count > 1:
            heads[name] = next((one for one in heads if one.words == name.words and _agree(one, name)), name)
            heads[name] = heads.get(heads[name], name)
    for name, _ in counts.most_common():
        if len(name.words) == 1:
            heads[name] = _head_of(name, list(dict.fromkeys(heads.values())), counts, sexes)
    return heads


def _head_of(name: Name, heads: Sequence[Name], counts: Counter[Name], sexes: Mapping[Name, Sex]) -> Name:
    """A given name is whoever bears it most; a surname is a man's, or with "Mrs." its own; else it stands alone."""
    word, sex = name.words[0], name.sex or sexes[name]
    fitting = [one for one in heads if may_be_one_sex(sex, sexes[one]) and _is_wife(one) == _is_wife(name)]
    alone = [one for one in fitting if one.words == name.words and _agree(one, name)]
    whole = [one for one in fitting if len(one.words) > 1]
    given = [one for one in whole if one.words[0] == word]
    family = [one for one in whole if one.words[-1] == word]
    if not name.titles or {"miss", "master", "sir", "uncle", "aunt"} & {*name.titles}:
        choices = given or alone or family
    else:
        choices = (alone or family or given) if not _is_wife(name) else alone
    weights = {
        one: sum(count for other, count in counts.items() if other.words == one.words) for one in choices
    }
    ranked = sorted(choices, key=lambda one: (sexes[one] != "he", -weights[one], one.text))
    if given and choices is given:
        ranked = sorted(choices, key=lambda one: (-weights[one], one.text))
    return ranked[0] if ranked else name


def _is_wife(name: Name) -> bool:
    return bool({"mrs", "lady", "madame"} & {*name.titles})


def _sexes(found: Sequence[Found]) -> dict[Name, Sex]:
    """By titles, else by the pronouns that come next after a name."""
    titled: dict[tuple[str, bool], Counter[Sex]] = defaultdict(Counter)
    for one in found:
        key = one.name.words[0], _is_wife(one.name)
        if one.name.sex:
            titled[key][one.name.sex] += SURE
        if one.pronoun:
            titled[key][one.pronoun] += 1
    told: dict[Name, Sex] = {}
    for one in found:
        counts = titled[one.name.words[0], _is_wife(one.name)]
        told[one.name] = _clearly(counts["he"], counts["she"])
    return told


def _clearly(he: int, she: int) -> Sex:
    return "he" if he > CLEARLY * she else "she" if she > CLEARLY * he else ""


def may_be_one_sex(one: Sex, other: Sex) -> bool:
    return not one or not other or one == other


def _agree(one: Name, other: Name) -> bool:
    """Tell whether two forms with the same words can be one: Mr. and Mrs. Bumble are not."""
    return may_be_one_sex(one.sex, other.sex) and _is_wife(one) == _is_wife(other)


def _describe(found: Sequence[Found]) -> Named:
    """Tell a person from a place, and the sex of a person, by what is said around a name."""
    forms = Counter(one.name.text for one in found)
    titled = Counter(one.name.sex for one in found if one.name.sex)
    speaks = sum(bool(_SPEECH.search(one.before) or _VERB.search(one.after)) for one in found)
    there = sum(bool(_TO_PLACE.search(one.before)) for one in found)
    sentences = tuple(dict.fromkeys(one.sentence for one in found))
    pronouns = Counter(one.pronoun for one in found)
    is_person = bool(titled) or speaks >= max(2, MIN_SPEECH * len(found))
    is_place = not is_person and there >= MIN_PLACE * len(found)
    told = titled.most_common(1)[0][0] if titled else _clearly(pronouns["he"], pronouns["she"])
    kind: EntityKind = "person" if is_person else "place" if is_place else "other"
    aliases = tuple(form for form, _ in forms.most_common())
    return Named(_fullest(forms), aliases, kind, told if kind == "person" else "", sentences)


def _fullest(forms: Counter[str]) -> str:
    """The most frequent form with given name and surname, else with a title, else the most frequent."""
    ordered = [form for form, _ in forms.most_common()]
    whole = [form for form in ordered if " " in form]
    least = min(MIN_FULL_COUNT, MIN_FULL * forms.total())
    plain = next((form for form in whole if not is_titled(form) and forms[form] >= least), None)
    return plain or next(iter(whole), ordered[0])
