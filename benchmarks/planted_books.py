"""Books of any length with facts planted in them: sentences of the Jargon File in a new order, the same for a seed.

Three families of facts, none of which the best passages for a question can all hold: losses to list and to count and
misfortunes to bring into order, which the question names by no word that stands there, and chains of four facts whose
links it does not name. Each has its decoys.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from catena.retrieval.sentences import sentence_spans

SOURCE = Path(__file__).resolve().parent.parent / "examples" / "jargon.txt"
NUM_LOSSES, NUM_EVENTS, NUM_CHAINS = 40, 30, 40
"""As many other sentences of persons and towns are decoys; so are the chains that nobody asks about."""
NUM_ASKED = 4
CHAPTER_WORDS = 3000
SENTENCES = (4, 8)
"""Of a paragraph, least and most."""
_PROSE = re.compile(r"[A-Z][\w ,;:'’“”\"()./!?-]+\.")
_FIRST = """
Ada Agnes Amos Basil Bertha Caleb Clara Cora Cyril Daphne Dora Edgar Edith Elias Ellen Enoch Esther
Ezra Fanny Felix Flora Giles Greta Harriet Hector Hester Hugh Ida Isaac Ivo Jasper Joan Jonas Judith
Laban Leah Lucy Luke Mabel Magnus Martha Miles Nell Noah Olive Oscar Percy Phoebe Quentin Rhoda
Rufus Ruth Silas Simon Sybil Tabitha Thora Tobias Ursula Walter
"""
_LAST = """
Abell Ashdown Barrow Birch Blackwood Brand Carver Chalk Cobb Crane Dace Dunmore Elwood Farrow
Fenwick Finch Flint Garland Gray Hale Harper Hawke Holt Ives Jessop Kell Lamb Larkin Lorne Marsh
Mercer Moss Nash Orton Parr Peel Pike Quill Rook Rudd Sawyer Sharp Skene Snow Stroud Swift Tanner
Thorne Tuck Vance Wade Warren Webb Wharton Wilde Wren Wyatt Yates York Zeal
"""
_THINGS = """
basket bellows bonnet brooch bucket candlestick clock comb compass cup drum fiddle flute glove
hammer kettle ladle lantern locket mirror needle pipe purse quilt ring saddle scarf sickle spoon
thimble trunk
"""
LOST = (
    "{} mislaid a {}.",
    "{} could not find the {} again.",
    "{} left a {} on the ferry.",
    "{} dropped a {} into the well.",
    "{} came home without the {}.",
    "{} was robbed of a {}.",
)
KEPT = ("{} mended a {}.", "{} sold a {} to a pedlar.", "{} polished the {}.", "{} was given a {}.")
HIT = (
    "Fire took half of {} in {}.",
    "The bridge of {} fell in {}.",
    "The river drowned the fields of {} in {}.",
    "The people of {} went hungry in {}.",
    "The bell of {} cracked in {}.",
    "Soldiers plundered {} in {}.",
)
SPARED = (
    "The school of {} opened in {}.",
    "The road to {} was paved in {}.",
    "The fair of {} was founded in {}.",
)
_HEADS = """
Ald An Bar Bel Bram Cal Crom Dun Elm Fal Gar Hal Hex Ips Kel Lang Mar Nor Os Pem Quen Ros Sel Thorn
Up Wen
"""
_TAILS = """
aby bourne by combe dale den field ford gate ham hurst ley low mere ness sham stead ton wick worth
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """A question, the sentences that answer it (in the order of the answer), and what the answer must say of each."""

    task: str
    question: str
    facts: tuple[str, ...]
    keys: tuple[str, ...]
    relevant: tuple[str, ...]
    """All sentences that a worker, who does not know how the book goes on, must keep."""


@dataclass(frozen=True, slots=True)
class Book:
    text: str
    tasks: tuple[Planted, ...]


def make(num_words: int, seed: int = 1) -> Book:
    """Write a book of about `num_words` words with all facts at random places."""
    drawn = random.Random(f"book {num_words} {seed}")
    tasks, facts = _plant(drawn)
    drawn.shuffle(facts)
    return Book("\n\n".join(_write(drawn, num_words, facts)), tuple(tasks))


def _plant(drawn: random.Random) -> tuple[list[Planted], list[str]]:
    names = _shuffled(drawn, [f"{first} {last}" for first in _FIRST.split() for last in _LAST.split()])
    towns = _shuffled(drawn, [head + tail for head in _HEADS.split() for tail in _TAILS.split()])
    people = [next(names) for _ in range(NUM_LOSSES)]
    lost = tuple(_say(drawn, LOST, name, drawn.choice(_THINGS.split())) for name in people)
    kept = [_say(drawn, KEPT, next(names), drawn.choice(_THINGS.split())) for _ in range(NUM_LOSSES)]
    years = sorted(drawn.sample(range(1601, 1900), NUM_EVENTS))
    hit_towns = tuple(next(towns) for _ in years)
    hit = tuple(_say(drawn, HIT, town, year) for town, year in zip(hit_towns, years, strict=True))
    spared = [_say(drawn, SPARED, next(towns), year) for year in years]
    chains = [
        _chain(next(names), next(names), next(towns), next(names), 1600 + 7 * n) for n in range(NUM_CHAINS)
    ]
    links = tuple(sentence for _, sentences, _ in chains for sentence in sentences)
    tasks = [
        Planted("list", "List all persons whose belongings went missing.", lost, tuple(people), lost),
        Planted("count", "How many persons had belongings that went missing?", lost, tuple(people), lost),
        Planted("order", "In which order did misfortune come to the towns?", hit, hit_towns, hit),
        *(
            Planted("hops", question, sentences, (str(year),) * 4, links)
            for question, sentences, year in chains[:NUM_ASKED]
        ),
    ]
    return tasks, [*lost, *kept, *hit, *spared, *links]


def _say(drawn: random.Random, forms: Sequence[str], *words: object) -> str:
    return drawn.choice(forms).format(*words)


def _chain(pupil: str, master: str, town: str, builder: str, year: int) -> tuple[str, tuple[str, ...], int]:
    question = (
        f"In which year was the man buried who built the church of the town where the master of {pupil} "
        "had a workshop?"
    )
    facts = (
        f"{pupil} was apprenticed to {master}.",
        f"{master} had a workshop in {town}.",
        f"The church of {town} was built by {builder}.",
        f"{builder} was buried in {year}.",
    )
    return question, facts, year


def _shuffled(drawn: random.Random, names: list[str]) -> Iterator[str]:
    return iter(drawn.sample(names, len(names)))


def _write(drawn: random.Random, num_words: int, facts: Sequence[str]) -> Iterator[str]:
    """Paragraphs, a heading now and then; each fact inside a paragraph at an even share of the book, in no order."""
    places = iter(sorted(drawn.uniform(0, num_words) for _ in facts))
    left = list(facts)
    place = next(places)
    written = since = 0
    chapters = count(1)
    yield f"# Chapter {next(chapters)}"
    while written < num_words or left:
        paragraph = drawn.choices(prose(), k=drawn.randint(*SENTENCES))
        written += sum(len(sentence.split()) for sentence in paragraph)
        while left and place <= written:
            paragraph.insert(drawn.randint(1, len(paragraph) - 1), left.pop())
            place = next(places, float(num_words))
        yield " ".join(paragraph)
        if written - since >= CHAPTER_WORDS:
            since = written
            yield f"# Chapter {next(chapters)}"


@cache
def prose() -> list[str]:
    """Whole sentences of the Jargon File, without its tables and lists."""
    found = []
    for block in re.split(r"\n\s*\n", SOURCE.read_text(encoding="utf-8")):
        text = " ".join(block.split())
        sentences = [text[start:end] for start, end in sentence_spans(text)]
        found += [one for one in sentences if _PROSE.fullmatch(one) and 8 <= len(one.split()) <= 40]
    return found
