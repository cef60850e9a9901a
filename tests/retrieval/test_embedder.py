from __future__ import annotations

import numpy as np
import pytest

from catena.retrieval.embedder import MiniLM


@pytest.fixture(scope="module")
def embedder() -> MiniLM:
    return MiniLM()


def test_vectors_have_unit_length(embedder: MiniLM) -> None:
    vectors = embedder.embed(["Whales swim.", "", "日本語", "word " * 2000])
    assert vectors.shape == (4, embedder.dimensions) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(embedder: MiniLM) -> None:
    texts = ["Whales swim in the sea.", "Cash flow from operations was 5,439 in 2018. " * 9, "Yes."] * 5
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-6


def test_meaning_is_nearer_than_words(embedder: MiniLM) -> None:
    asked, paraphrase, other = embedder.embed(
        [
            "How much did they spend on buildings?",
            "Capital outlay for offices was $5m.",
            "How much rain fell?",
        ]
    )
    assert asked @ paraphrase > asked @ other


def test_the_model_is_the_one_that_torch_knows(embedder: MiniLM) -> None:
    """First numbers of sentence-transformers' own vector for this sentence, from scripts/build_embedder.py."""
    vector = embedder.embed(["This is an example sentence"])[0]
    assert np.allclose(vector[:4], [0.0677, 0.0635, 0.0487, 0.0793], atol=3e-3)


def test_no_texts_no_vectors(embedder: MiniLM) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)
