from __future__ import annotations

import time

import numpy as np
import pytest

from catena.errors import LibraryCorrupt
from catena.retrieval.index import DocumentIndex


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


def test_two_thousand_passages_load_in_twenty_milliseconds() -> None:
    random = np.random.default_rng(0)
    builder = DocumentIndex.builder()
    for _ in range(2000):
        builder.add(f"w{n}" for n in random.zipf(1.3, 120) % 20_000)
    data = builder.to_bytes()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        DocumentIndex.from_bytes(data).score(["w1", "w7"])
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.02
