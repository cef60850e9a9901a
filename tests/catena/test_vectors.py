"""Vectors are kept as given, one embedder's at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from catena.benchmarks import synthetic
from catena.library.library import Library
from catena.library.vectors import Vectors
from catena.types import Document


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


@pytest.fixture
def document(library: Library, tmp_path: Path) -> Document:
    return synthetic.add(library, tmp_path / "1.pdf", 1)


def test_vectors_come_back_in_order(library: Library, document: Document) -> None:
    given = synthetic.vectors(1, 3)
    assert library.vectors.put(document.id, [4, 0, 2], given)
    ordinals, found = library.vectors.of(document.id)
    assert ordinals.tolist() == [0, 2, 4]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, given[[1, 2, 0]], atol=1e-3)
    assert library.vectors.missing(document.id) == [1, 3, 5]
    assert library.vectors.counts([document.id]) == library.vectors.counts() == (3, 6)


def test_a_document_without_vectors_has_empty_arrays(library: Library, document: Document) -> None:
    ordinals, found = library.vectors.of(document.id)
    assert (ordinals.shape, found.shape) == ((0,), (0, 0))
    assert library.vectors.of_passages(range(9))[0].tolist() == []


def test_another_embedder_never_sees_these(library: Library, document: Document) -> None:
    one, two = Vectors(library.database, "one"), Vectors(library.database, "two")
    one.put(document.id, [0, 1], synthetic.vectors(1, 2))
    assert two.counts([document.id]) == (0, 6)
    assert two.of_passages([1, 2])[0].tolist() == two.of(document.id)[0].tolist() == []
    two.put(document.id, [1], np.ones((1, 3), np.float32))
    assert one.of(document.id)[0].tolist() == [0]
    assert two.of(document.id)[1].shape == (1, 3)


@pytest.mark.parametrize(
    ("ordinals", "shape"), [([0, 1], (1, 8)), ([6], (1, 8)), ([-1], (1, 8)), ([2], (1, 5))]
)
def test_vectors_that_do_not_fit_are_refused(
    library: Library, document: Document, ordinals: list[int], shape: tuple[int, int]
) -> None:
    library.vectors.put(document.id, [0], synthetic.vectors(1, 1))
    with pytest.raises(ValueError):
        library.vectors.put(document.id, ordinals, np.zeros(shape, np.float32))
    assert library.vectors.counts([document.id]) == (1, 6)


def test_vectors_of_a_replaced_text_are_dropped(library: Library, document: Document, tmp_path: Path) -> None:
    first = library.passage_range(document.id)[0]
    synthetic.add(library, tmp_path / "1.pdf", 1)
    assert not library.vectors.put(document.id, [0], synthetic.vectors(1, 1), first_passage=first)
    assert library.vectors.counts([document.id]) == (0, 6)


def test_vectors_come_by_passage_ids(library: Library, tmp_path: Path) -> None:
    for seed in (1, 2):
        document = synthetic.add(library, tmp_path / "x.pdf", seed)
        library.vectors.put(document.id, range(6), synthetic.vectors(seed, 6))
    ids = [first + n for first, number in library.vectors.filled().values() for n in range(number)]
    assert len(ids) == 12
    found, vectors = library.vectors.of_passages([10**9, ids[7], ids[1]])
    assert found.tolist() == [ids[1], ids[7]]
    np.testing.assert_allclose(vectors, [synthetic.vectors(1, 6)[1], synthetic.vectors(2, 6)[1]], atol=1e-3)


def test_a_document_is_filled_when_every_passage_has_a_vector(library: Library, document: Document) -> None:
    library.vectors.put(document.id, range(5), synthetic.vectors(1, 5))
    assert library.vectors.filled() == {}
    library.vectors.put(document.id, [5], synthetic.vectors(1, 1))
    assert library.vectors.filled() == {document.id: library.passage_range(document.id)}
    assert Vectors(library.database, "two").filled() == {}
    library.vectors.drop(document.id)
    assert library.vectors.filled() == {}


def test_the_name_of_a_file_of_older_vectors_is_not_kept(library: Library, document: Document) -> None:
    library.vectors.put(document.id, [0], synthetic.vectors(1, 1))
    version = library.vectors.version()
    assert library.vectors.put_file("ab", version)
    library.vectors.put(document.id, [1], synthetic.vectors(1, 1))
    assert not library.vectors.put_file("cd", version)
    assert (library.vectors.file(), Vectors(library.database, "two").file()) == ("ab", "")
    library.remove(document.id)
    assert library.vectors.file() == ""


def test_the_version_grows_with_every_change(library: Library, document: Document, tmp_path: Path) -> None:
    versions = [library.vectors.version()]
    library.vectors.put(document.id, [0], synthetic.vectors(1, 1))
    versions.append(library.vectors.version())
    synthetic.add(library, tmp_path / "1.pdf", 1)
    versions.append(library.vectors.version())
    library.remove(document.id)
    versions.append(library.vectors.version())
    assert versions == sorted(set(versions))


def test_passage_ids_are_never_given_twice(library: Library, document: Document, tmp_path: Path) -> None:
    first = library.passage_range(document.id)[0]
    library.remove(document.id)
    synthetic.add(library, tmp_path / "2.pdf", 2)
    assert library.passage_range(synthetic.file_id(2))[0] >= first + 6
