from __future__ import annotations

import math
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catena.errors import LibraryCorrupt
from catena.retrieval.bm25 import K1, B, DocumentIndex
from catena.retrieval.document_cache import OpenedDocuments
from tests.retrieval.shelf import MemoryLibrary


def build(*passages: str) -> DocumentIndex:
    builder = DocumentIndex.builder()
    for passage in passages:
        builder.add(passage.split())
    return builder.build()


def test_the_rare_word_wins() -> None:
    index = build("cash flow cash", "cash dividend", "cash debt", "weather")
    scores = index.score(["cash", "dividend"])
    assert scores.argmax() == 1
    assert scores[3] == 0
    assert scores.dtype == np.float32


def test_an_unknown_word_changes_nothing() -> None:
    index = build("a b", "b c")
    assert (index.score(["b", "zebra"]) == index.score(["b"])).all()
    assert index.rarity("zebra") > index.rarity("a") > index.rarity("b")


@given(st.lists(st.lists(st.sampled_from("abcde"), min_size=1), min_size=1))
def test_scores_are_those_of_the_formula(passages: list[list[str]]) -> None:
    scores = build(*map(" ".join, passages)).score(["a", "c"])
    length = mean(map(len, passages))
    for passage, score in zip(passages, scores, strict=True):
        expected = 0.0
        for term in ("a", "c"):
            found = sum(term in other for other in passages)
            rarity = math.log1p((len(passages) - found + 0.5) / (found + 0.5))
            count = passage.count(term)
            expected += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * len(passage) / length))
        assert score == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("passage", [["cash", "flow", "cash"], []])
def test_a_repeated_passage_is_the_same_as_one_added_again(passage: list[str]) -> None:
    added, repeated = DocumentIndex.builder(), DocumentIndex.builder()
    for builder in (added, repeated):
        builder.add(["debt", "cash"])
        builder.add(passage)
    for _ in range(2):
        added.add(passage)
        repeated.repeat()
    assert added.to_bytes() == repeated.to_bytes()


def test_bytes_come_back_as_they_were() -> None:
    index = build("cash flow", "日本 語", "x " * 70_000)
    again = DocumentIndex.from_bytes(index.to_bytes())
    assert again.num_passages == 3
    for term in ("cash", "日本", "x"):
        assert (again.score([term]) == index.score([term])).all()


def test_an_empty_document_has_an_index() -> None:
    index = DocumentIndex.from_bytes(DocumentIndex.builder().to_bytes())
    assert index.num_passages == 0
    assert index.score(["x"]).shape == (0,)


@pytest.mark.parametrize("damage", [b"", b"nonsense", slice(0, -4), slice(4, None)])
def test_damage_is_told(damage: bytes | slice) -> None:
    data = build("cash flow", "debt").to_bytes()
    with pytest.raises(LibraryCorrupt):
        DocumentIndex.from_bytes(data[damage] if isinstance(damage, slice) else damage)


def test_an_index_with_older_terms_is_built_anew() -> None:
    library = MemoryLibrary()
    library.add("Kira", "AYLIK KİRA sekiz bin lira")
    data = library.lexical_index("Kira")
    older = DocumentIndex.builder()
    older.add(["ayl\u0131k", "ki\u0307ra"])
    library._indexes["Kira"] = b"CTX1" + older.to_bytes()[4:]
    assert not DocumentIndex.is_current(library.lexical_index("Kira"))
    assert OpenedDocuments(library).get("Kira").index.to_bytes() == data
