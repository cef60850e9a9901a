"""Asked of a whole library at once: does the right document come first, and is its page found?

python -m catena.benchmarks.wide --data ../shared/data --home FOLDER [--questions N] [--fill]

All PDFs of the data are added to --home; vectors that it has are used where they count, and the share is printed.
--fill makes all vectors, so that documents are chosen by meaning, too; what that gains is printed question by question,
with intervals. --filled asks of those documents alone that have all of their vectors already.

Counted first are questions that name one document, by a rule that looks at names and dates alone. Names of a question
are what it quotes, and runs of capitalised words without those that open sentences. A document fits when one of them
stands in its title, its file name or on its first page (letters and digits compared, four at least on the page). Of
several that fit, those remain whose title or file name has a year or quarter, and only such as the question holds.
If one remains and it is the right one, the question names it.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from catena.benchmarks.ablated_retrievers import LexicalRetriever
from catena.benchmarks.intervals import interval
from catena.benchmarks.retrieval import ColdShelf
from catena.client import Catena
from catena.library.library import Library
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.faiss_index import VectorFile
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.passages import indexed_text
from catena.retrieval.vector_jobs import fill
from catena.settings import load_settings
from catena.types import PageHit, PageRef

Hits = Sequence[Sequence[PageHit]]
K = 10
COMMON = 20  # documents; a name that fits more names none
FIRST_PAGE = 3000  # characters

_QUOTED = re.compile(r'"([^"]+)"')
_CAPITALISED = re.compile(r"[A-Z0-9][\w&.\-]*(?:\s+(?:[A-Z][\w&.\-]*|&))*")
_DATE = re.compile(r"\bFY ?20\d\d\b|\bQ[1-4]\b|\b20\d\d\b|\b10-[KQ]\b|\b8-K\b")
_YEAR = re.compile(r"(?:FY ?|\b)(20\d\d)(?:\b|(?=Q))")
_QUARTER = re.compile(r"(?<![A-Za-z])(?:20\d\d)?(Q[1-4])(?!\d)")
_ORDINAL = re.compile(r"\b(first|second|third|fourth) quarter", re.I)
_ORDINALS = {"first": "Q1", "second": "Q2", "third": "Q3", "fourth": "Q4"}
_OPENING = """
a according among an and answer are as assume at base based basing between by considering did directly does during
enumerate for from give has have here how if in is list of on please return round taking that the this using was we
were what when where which who write
"""
_OPENERS = frozenset(_OPENING.split())


@dataclass(frozen=True, slots=True)
class Named:
    """A document as the rule sees it."""

    id: str
    label: str
    first_page: str
    periods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    file: str
    document_id: str
    gold: frozenset[int]
    names_it: bool


def names(question: str) -> set[str]:
    """Find the names by which a question may call its document."""
    found = {*_QUOTED.findall(question)}
    for run in _CAPITALISED.findall(question):
        words = run.split()
        while words and words[0].lower() in _OPENERS:
            words.pop(0)
        found.add(_DATE.sub("", " ".join(words)))
    return {name for name in map(_plain, found) if len(name) > 1 and not name.isdigit()}


def periods(text: str) -> frozenset[str]:
    """Years and quarters."""
    spaced = text.replace("_", " ")
    quarters = [*_QUARTER.findall(spaced), *(_ORDINALS[one.lower()] for one in _ORDINAL.findall(spaced))]
    return frozenset([*_YEAR.findall(spaced), *quarters])


def named(question: str, documents: Sequence[Named]) -> set[str]:
    """The ids of the documents that a question names."""
    fits: list[Named] = []
    for name in names(question):
        own = [one for one in documents if name in one.label or (len(name) > 3 and name in one.first_page)]
        fits += own if len(own) <= COMMON else []
    if len({one.id for one in fits}) > 1:
        asked = periods(question)
        fits = [one for one in fits if one.periods and one.periods <= asked]
    return {one.id for one in fits}


def shown(library: Library) -> list[Named]:
    """All readable documents with what names them."""
    found = []
    for document in library.documents():
        if document.status != "failed" and library.passage_range(document.id)[1]:
            label = f"{document.title} {Path(document.path).stem}"
            first = library.page(PageRef(document.id, 1)).text[:FIRST_PAGE]
            found.append(Named(document.id, _plain(label), _plain(first), periods(label)))
    return found


def questions(data: Path, ids: Mapping[str, str], documents: Sequence[Named]) -> list[Question]:
    """The questions about one PDF of the data, each with whether it names it."""
    found = []
    for line in (data / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if len(row["docs"]) == 1 and row["docs"][0] in ids:
            document_id = ids[row["docs"][0]]
            pages = frozenset(one["page"] for one in row.get("evidence", ()) if "page" in one)
            is_named = named(row["question"], documents) == {document_id}
            gold = pages if row["answerable"] else frozenset()
            found.append(Question(row["question"], row["docs"][0], document_id, gold, is_named))
    return found


def measure(retriever: Any, asked: Sequence[Question], ids: Sequence[str]) -> list[list[PageHit]]:
    """The hits of each question among all documents."""
    found = []
    for question in asked:
        if isinstance(retriever, FromNothing):
            retriever.forget()
        found.append(retriever.retrieve(question.text, ids, K))
    return found


class FromNothing:
    """Hybrid retrieval in a library that has no vectors when a question comes."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._shelf = ColdShelf(library)
        self._retriever = HybridRetriever(self._shelf, embedder)
        self.forget = self._shelf.vectors.forget
        self.retrieve = self._retriever.retrieve


class KnownVectors:
    """The embedder, which need not embed again what it has or the library had the vector of."""

    def __init__(self, embedder: Embedder, library: Library) -> None:
        self._embedder = embedder
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self._known: dict[str, Vectors] = {}
        for document_id, _, _ in library.names():
            ordinals, vectors = library.vectors.of(document_id)
            texts = map(indexed_text, library.passages(document_id, ordinals.tolist()))
            self._known.update(zip(texts, vectors, strict=True))

    def embed(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.array([self._known[text] for text in texts], np.float32).reshape(-1, self.dimensions)


def gains(asked: Sequence[Question], before: Hits, after: Hits) -> Iterator[str]:
    """What one way gains over another on the same questions: those that name their document, and those that do not."""
    for who, is_named in (("named", True), ("not named", False)):
        own = [place for place, one in enumerate(asked) if one.names_it == is_named]
        cells = [who, str(len(own))]
        for is_right in (_is_first, partial(_is_found_in, 5), partial(_is_found_in, K)):
            counted = [place for place in own if asked[place].gold or is_right is _is_first]
            gained = [
                float(is_right(asked[one], after[one])) - float(is_right(asked[one], before[one]))
                for one in counted
            ]
            low, high = interval(gained, [asked[one].file for one in counted])
            cells.append(f"{np.mean(gained):+.3f} ({low:+.2f} to {high:+.2f})")
        yield "| " + " | ".join(cells) + " |"


def rows(name: str, asked: Sequence[Question], hits: Hits) -> Iterator[str]:
    """A line for the questions that name their document, and one for all."""
    for who, is_named in (("named", True), ("all", False)):
        pairs = [(one, own) for one, own in zip(asked, hits, strict=True) if one.names_it or not is_named]
        with_pages = [(one, own) for one, own in pairs if one.gold]
        first = [(one, _is_first(one, own)) for one, own in pairs]
        cells = [name, who, str(len(pairs)), _share(first), str(len(with_pages))]
        cells += [_share([(one, _is_found_in(k, one, own)) for one, own in with_pages]) for k in (5, K)]
        yield "| " + " | ".join(cells) + " |"


def _is_first(question: Question, hits: Sequence[PageHit]) -> bool:
    return any(hit.ref.document_id == question.document_id for hit in hits[:1])


def _is_found_in(k: int, question: Question, hits: Sequence[PageHit]) -> bool:
    """Tell whether a gold page of the right document is among the first hits."""
    found = {hit.ref.number for hit in hits[:k] if hit.ref.document_id == question.document_id}
    return bool(found & question.gold)


def _share(outcomes: Sequence[tuple[Question, bool]]) -> str:
    values = [float(is_right) for _, is_right in outcomes]
    low, high = interval(values, [one.file for one, _ in outcomes])
    return f"{np.mean(values):.3f} ({low:.2f} to {high:.2f})"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=10**6, help="ask at most so many, evenly drawn")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--filled", action="store_true")
    options = parser.parse_args()
    begin = time.perf_counter()
    with Catena(settings=load_settings(home=options.home, background=False)) as catena:
        known = {Path(path).resolve() for _, _, path in catena.library.names()}
        files = sorted(path.resolve() for path in options.data.rglob("*.pdf"))
        for added in catena.add_all([path for path in files if path not in known]):
            print(f"added {added.path.name}", flush=True)
        paths = {Path(path).resolve(): one for one, _, path in catena.library.names()}
        ids = {str(path.relative_to(options.data.resolve())): paths[path] for path in files if path in paths}
        documents = shown(catena.library)
        asked = questions(options.data, ids, documents)
        if options.fill:
            for one in documents:
                fill(catena.library, catena.embedder, one.id)
        if options.filled:
            whole = catena.library.vectors.filled()
            documents = [one for one in documents if one.id in whole]
            asked = [one for one in asked if one.document_id in whole]
        asked = asked[:: max(1, len(asked) // options.questions)]
        everywhere = [one.id for one in documents]
        filled, total = catena.library.vectors.counts()
        print(f"{len(documents)} documents, {total} passages, {filled / total:.0%} of them with a vector\n")
        print(
            "| retriever | questions | | right document first | | gold page @5 | @10 |\n" + "| --- " * 7 + "|"
        )
        embedder = KnownVectors(catena.embedder, catena.library)
        words = HybridRetriever(catena.library, embedder)
        both = HybridRetriever(catena.library, embedder, nearest=VectorFile(catena.library))
        found = {}
        for name, retriever in (
            ("lexical", LexicalRetriever(catena.library)),
            ("hybrid, no vectors before the question", FromNothing(catena.library, embedder)),
            ("hybrid, documents chosen by words", words),
            ("hybrid, documents chosen by words and meaning", both),
        ):
            found[name] = measure(retriever, asked, everywhere)
            for row in rows(name, asked, found[name]):
                print(row, flush=True)
        print(
            "\n| gained by meaning | questions | right document first | gold page @5 | @10 |\n"
            + "| --- " * 5
            + "|"
        )
        *_, before, after = found.values()
        print("\n".join(gains(asked, before, after)))
        print(f"\n{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
