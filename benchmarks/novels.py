"""Small novels of made-up sentences, the same for a seed: named people, pronouns after them, no sentence twice."""

from __future__ import annotations

import random

PEOPLE = (
    ("Oliver Hartwell", "Mr. Hartwell", "Oliver", "he"),
    ("Nancy Penrose", "Miss Penrose", "Nancy", "she"),
    ("Silas Thorne", "Mr. Thorne", "Silas", "he"),
    ("Martha Bellamy", "Mrs. Bellamy", "Martha", "she"),
)
_VERBS = """
    carried mended painted guarded polished followed counted borrowed noticed purchased described abandoned
    collected measured repaired remembered
"""
_ADJECTIVES = """
    ancient crimson crooked frozen gilded hollow narrow painted rusted silent silver slender velvet weathered
    wooden yellow brittle copper dusty empty
"""
_NOUNS = """
    lantern carriage orchard portrait telescope harbour staircase chimney notebook cathedral fountain hammer
    umbrella violin barometer compass curtain blanket ladder candle meadow bridge cellar tower bakery workshop
    mirror saddle trumpet basket
"""
_WHEN = """
    yesterday afterwards secretly carefully patiently suddenly silently eagerly angrily gratefully reluctantly
    cheerfully slowly quickly
"""
PARAGRAPHS_A_CHAPTER = 8


def write_novel(num_paragraphs: int, seed: int) -> str:
    """A text of chapters; five sentences a paragraph, about two people."""
    drawn = random.Random(f"novel {seed}")
    parts = []
    for number in range(num_paragraphs):
        if number % PARAGRAPHS_A_CHAPTER == 0:
            parts.append(f"CHAPTER {number // PARAGRAPHS_A_CHAPTER + 1}")
        parts.append(_paragraph(drawn, number))
    return "\n\n".join(parts)


def _paragraph(drawn: random.Random, number: int) -> str:
    full, formal, given, pronoun = drawn.choice(PEOPLE)
    other = drawn.choice([one for one in PEOPLE if one[0] != full])[2]
    verbs, adjectives, nouns, when = (
        drawn.sample(words.split(), 5) for words in (_VERBS, _ADJECTIVES, _NOUNS, _WHEN)
    )
    first = full if number % 4 == 0 else formal if number % 4 == 1 else given
    subjects = (first, pronoun.capitalize(), f"In the evening {other}", f"Later {given}", "The whole village")
    return " ".join(
        f"{subject} {verb} the {adjective} {noun} {adverb} before number {number * 5 + at + 100} of the old road."
        for at, (subject, verb, adjective, noun, adverb) in enumerate(
            zip(subjects, verbs, adjectives, nouns, when, strict=True)
        )
    )
