from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from catena.benchmarks.ablated_retrievers import DenseRetriever, LexicalRetriever
from catena.files import failpoints
from catena.library.library import Library
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.faiss_index import VectorFile
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.passages import indexed_text, split
from catena.retrieval.text_analysis import terms
from catena.retrieval.vector_jobs import embed_passages, fill
from catena.types import Document
from tests.retrieval.shelf import WordEmbedder, make_page

ANIMALS = ["whale", "otter", "heron", "lynx", "badger", "viper", "salmon", "moth", "crane", "bison"]


def add(library: Library, path: Path, title: str, *texts: str) -> str:
    path.write_text(title + "".join(texts))
    document_id = library.store_original(path)
    document = Document(document_id, title, str(path), "text", "ready", len(texts), len(texts))
    builder = DocumentIndex.builder()
    with library.writing(document) as writer:
        pages = [make_page(n, ("text", text), document_id=document_id) for n, text in enumerate(texts, 1)]
        for page, passages in split(pages, title):
            analysed = [terms(indexed_text(passage)) for passage in passages]
            writer.add(page, passages, [" ".join(words) for words in analysed])
            for words in analysed:
                builder.add(words)
        writer.index = builder.to_bytes()
    return document_id


@pytest.fixture
def library(home: Path, tmp_path: Path) -> Iterator[Library]:
    with Library(home) as library:
        for animal in ANIMALS:
            texts = [f"The {animal} eats well.", f"The {animal} sleeps in summer."]
            add(library, tmp_path / f"{animal}.txt", f"Book of the {animal}", *texts)
        yield library


def ids(library: Library) -> list[str]:
    return [document.id for document in library.documents()]


def fill_all(library: Library) -> None:
    for document_id in ids(library):
        fill(library, WordEmbedder(), document_id)


def test_every_retriever_finds_the_page_in_a_real_library(library: Library) -> None:
    fill_all(library)
    embedder = WordEmbedder()
    for retriever in (
        LexicalRetriever(library),
        DenseRetriever(library, embedder),
        HybridRetriever(library, embedder),
    ):
        hit = retriever.retrieve("When does the lynx sleep?", ids(library), 3)[0]
        assert (library.document(hit.ref.document_id).title, hit.ref.number) == ("Book of the lynx", 2)


def test_a_few_documents_need_no_file(library: Library, home: Path) -> None:
    fill_all(library)
    hits = DenseRetriever(library, WordEmbedder()).retrieve("the otter sleeps in summer", ids(library)[:3], 2)
    assert hits[0].ref.number == 2
    assert not (home / "faiss").exists()


def test_documents_without_vectors_have_no_dense_hits(library: Library) -> None:
    assert DenseRetriever(library, WordEmbedder()).retrieve("otter", ids(library), 3) == []


def saved(library: Library) -> VectorFile:
    """An index that writes its file after every change."""
    return VectorFile(library, max_unsaved=0)


@pytest.mark.parametrize("damage", ["missing", "flipped", "cut"])
def test_a_damaged_file_is_refused_and_built_again(library: Library, home: Path, damage: str) -> None:
    fill_all(library)
    asked = WordEmbedder().embed(["the heron eats"])[0]
    before = saved(library).nearest(asked, 5)
    (path,) = (home / "faiss").iterdir()
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-9] if damage == "cut" else data[:100] + bytes([data[100] ^ 1]) + data[101:])
    assert not VectorFile(library).is_sound()
    assert saved(library).nearest(asked, 5) == before
    assert VectorFile(library).is_sound()
    assert path.read_bytes() == data


def test_the_file_is_read_again_and_not_written(library: Library, home: Path) -> None:
    fill_all(library)
    asked = WordEmbedder().embed(["the heron eats"])[0]
    before = saved(library).nearest(asked, 5)
    (path,) = (home / "faiss").iterdir()
    written = path.stat().st_mtime_ns
    assert saved(library).nearest(asked, 5) == before
    assert path.stat().st_mtime_ns == written


def test_few_vectors_need_no_file(library: Library, home: Path) -> None:
    fill_all(library)
    assert len(VectorFile(library).nearest(WordEmbedder().embed(["heron"])[0], 50)) == 20
    assert not (home / "faiss").exists()


def test_the_index_follows_what_is_added_and_removed(library: Library) -> None:
    first, *others = ids(library)
    fill(library, WordEmbedder(), first)
    file = saved(library)
    asked = WordEmbedder().embed(["the moth sleeps in summer"])[0]
    assert len(file.nearest(asked, 50)) == 2
    for document_id in others:
        fill(library, WordEmbedder(), document_id)
    nearest = file.nearest(asked, 50)
    assert len(nearest) == 20
    moth = nearest[0].document_id
    assert (library.document(moth).title, nearest[0].ordinal) == ("Book of the moth", 1)
    library.remove(moth)
    assert file.nearest(asked, 50) == [hit for hit in nearest if hit.document_id != moth]
    assert file.nearest(asked, 50) == saved(library).nearest(asked, 50)


def test_a_document_that_is_read_again_is_there_once(library: Library, tmp_path: Path) -> None:
    fill_all(library)
    file, asked = saved(library), WordEmbedder().embed(["the moth sleeps in summer"])[0]
    before = file.nearest(asked, 50)
    again = add(
        library,
        tmp_path / "moth.txt",
        "Book of the moth",
        "The moth eats well.",
        "The moth sleeps in summer.",
    )
    assert len(file.nearest(asked, 50)) == 18
    fill(library, WordEmbedder(), again)
    assert sorted(file.nearest(asked, 50)) == sorted(before)


def test_documents_count_when_all_of_their_vectors_are_there(library: Library) -> None:
    first, second, *_ = ids(library)
    file, asked = saved(library), WordEmbedder().embed(["eats"])[0]
    embed_passages(library, WordEmbedder(), first, [0])
    fill(library, WordEmbedder(), second)
    assert {one.document_id for one in file.nearest(asked, 50)} == {second}
    embed_passages(library, WordEmbedder(), first, [1])
    assert {one.document_id for one in file.nearest(asked, 50)} == {first, second}


def test_only_the_documents_asked_are_searched(library: Library) -> None:
    fill_all(library)
    asked, some = WordEmbedder().embed(["the moth sleeps in summer"])[0], ids(library)[:3]
    found = VectorFile(library).nearest(asked, 50, [*some, "another"])
    assert (len(found), {one.document_id for one in found}) == (6, {*some})
    assert VectorFile(library).nearest(asked, 50, ["another"]) == []


def test_a_file_of_whole_vectors_is_made_anew(library: Library, home: Path) -> None:
    fill_all(library)
    data = faiss.serialize_index(faiss.IndexIDMap(faiss.IndexFlatIP(1024))).tobytes()
    sha256 = hashlib.sha256(data).hexdigest()
    (home / "faiss").mkdir()
    (home / "faiss" / f"{sha256}.faiss").write_bytes(data)
    assert library.vectors.put_file(sha256, library.vectors.version())
    assert len(saved(library).nearest(WordEmbedder().embed(["heron"])[0], 50)) == 20
    assert library.vectors.file() != sha256


def test_a_full_disk_costs_the_file_alone(library: Library, home: Path) -> None:
    fill_all(library)
    asked = WordEmbedder().embed(["the heron eats"])[0]
    failpoints.arm("*:1:ENOSPC")
    try:
        assert len(saved(library).nearest(asked, 5)) == 5
    finally:
        failpoints.arm("")
    assert list((home / "faiss").iterdir()) == []


def test_vectors_of_another_embedder_are_not_searched(library: Library) -> None:
    fill_all(library)
    file = saved(library)
    asked = WordEmbedder().embed(["the heron eats"])[0]
    assert len(file.nearest(asked, 5)) == 5
    library.vectors.embedder = "another"
    assert file.nearest(asked, 5) == []


def test_an_empty_library_has_nothing_near(home: Path) -> None:
    with Library(home) as library:
        assert VectorFile(library).nearest(np.ones(64, np.float32), 5) == []
