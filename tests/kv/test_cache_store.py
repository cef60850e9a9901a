"""A KV cache on disk is what was computed, or it is refused by name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from catena.errors import StoreError
from catena.kv.cache.cache_store import KVStore, Manifest, manifest_of
from catena.kv.cache.kv_document import DocumentKV, Source
from catena.kv.engine.generation import start
from catena.kv.engine.prefill import prefill_into
from catena.kv.engine.question_session import Session
from catena.kv.model_spec import spec_of
from catena.kv.policies.page_selection import PolicyInputs
from catena.kv.policies.policy import preset
from catena.kv.policies.squeezed_attention import squeeze
from tests.kv import tiny

DOCUMENT, QUESTION = tiny.tokens(150), tiny.tokens(9, seed=2)
SOURCE = Source(DOCUMENT)


def manifest(**changes: object) -> Manifest:
    return manifest_of(spec_of(tiny.model()), "tiny", SOURCE, **{"page_size": tiny.PAGE, **changes})  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> KVStore:
    made = KVStore(tmp_path / "kv")
    read_all(made, manifest())
    return made


def read_all(store: KVStore, manifest: Manifest, chunk: int = 32) -> list[int]:
    """Read the document into the store; the tokens done after every chunk."""
    return list(prefill_into(store, tiny.model(), manifest, SOURCE, chunk=chunk))


def logits(document: DocumentKV) -> torch.Tensor:
    return start(tiny.model(), Session(document, preset("quest")), QUESTION).logits


def test_loaded_is_what_was_read(store: KVStore) -> None:
    opened = store.open(manifest().key, spec_of(tiny.model()), "tiny")
    assert torch.equal(logits(opened), logits(tiny.read_tokens("llama", DOCUMENT, chunk=32)))


def test_another_process_gets_the_same_bits(store: KVStore, tmp_path: Path) -> None:
    code = (
        "import torch, sys; torch.set_num_threads(1); from tests.kv import test_cache_store as t\n"
        "from pathlib import Path; root, out = map(Path, sys.argv[1:])\n"
        "opened = t.KVStore(root).open(t.manifest().key, t.spec_of(t.tiny.model()), 'tiny')\n"
        "torch.save(t.logits(opened), out)"
    )
    out = tmp_path / "logits.pt"
    subprocess.run(
        [sys.executable, "-c", code, str(store.root), str(out)], check=True, cwd=Path(__file__).parents[2]
    )
    assert torch.equal(torch.load(out), logits(store.open(manifest().key, spec_of(tiny.model()), "tiny")))


def test_cut_off_and_gone_on(tmp_path: Path) -> None:
    """A reading that ends after two chunks is not there yet, and goes on with the third."""
    store = KVStore(tmp_path / "kv")
    steps = prefill_into(store, tiny.model(), manifest(), SOURCE, chunk=32)
    assert [next(steps), next(steps)] == [32, 64]
    steps.close()  # type: ignore[attr-defined]
    assert store.documents() == []
    assert read_all(store, manifest()) == [96, 128, 150]
    opened = store.open(manifest().key, spec_of(tiny.model()), "tiny")
    assert torch.equal(logits(opened), logits(tiny.read_tokens("llama", DOCUMENT, chunk=32)))


def test_a_flipped_byte_is_named(store: KVStore) -> None:
    path = store.root / manifest().key / "layer_001.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="layer 1, KV page 9"):
        logits(store.open(manifest().key, spec_of(tiny.model()), "tiny"))


def test_a_flipped_byte_of_a_draft_starts_it_anew(tmp_path: Path) -> None:
    store = KVStore(tmp_path / "kv")
    draft = store.begin(manifest(), spec_of(tiny.model()), SOURCE)
    draft.document.filled = [32] * 3
    draft.document.queries = [torch.zeros(4, 1, 16)] * 3
    draft.checkpoint()
    draft.document.layers[0][0] += 1
    assert read_all(store, manifest(), chunk=96) == [96, 150]


def test_a_truncated_layer_is_refused(store: KVStore) -> None:
    path = store.root / manifest().key / "layer_002.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match=r"layer_002.*should have"):
        store.open(manifest().key, spec_of(tiny.model()), "tiny")


def test_another_model_is_refused(store: KVStore) -> None:
    with pytest.raises(StoreError, match="another model"):
        store.open(manifest().key, spec_of(tiny.model()), "other")


def test_an_edited_manifest_is_refused(store: KVStore) -> None:
    path = store.root / manifest().key / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_tokens": 10}))
    with pytest.raises(StoreError, match="another model or version"):
        store.open(manifest().key, spec_of(tiny.model()), "tiny")


@pytest.mark.parametrize("name", ["manifest.json", "state.safetensors"])
@pytest.mark.parametrize("damage", [lambda data: data[:20], lambda data: data[:-9] + b"\x7f" + data[-8:]])
def test_damage_to_what_is_not_a_kv_page_is_refused_too(
    store: KVStore, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = store.root / manifest().key / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError):
        store.open(manifest().key, spec_of(tiny.model()), "tiny")


def test_a_damaged_index_is_made_again(store: KVStore) -> None:
    first = logits(store.open(manifest().key, spec_of(tiny.model()), "tiny"))
    (path,) = (store.root / manifest().key).glob("index_*_002.safetensors")
    path.write_bytes(path.read_bytes()[:-4] + b"oops")
    assert torch.equal(logits(store.open(manifest().key, spec_of(tiny.model()), "tiny")), first)


def test_clusters_are_kept_and_not_made_again(store: KVStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_and_ask() -> torch.Tensor:
        opened = store.open(manifest().key, spec_of(tiny.model()), "tiny")
        aids = PolicyInputs(squeezed=squeeze(opened))
        return start(tiny.model(), Session(opened, preset("squeezed-two-level"), aids), QUESTION).logits

    first = open_and_ask()
    monkeypatch.setattr("catena.kv.policies.squeezed_attention.cluster", None)
    assert torch.equal(open_and_ask(), first)


def test_what_was_read_of_a_deleted_document_goes_too(tmp_path: Path) -> None:
    store = KVStore(tmp_path / "kv")
    steps = prefill_into(store, tiny.model(), manifest(), SOURCE, chunk=32)
    next(steps)
    store.delete(manifest().key)
    assert list(store.root.iterdir()) == []
    with pytest.raises(OSError):
        next(steps)


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "x"},
        {"tokens": "x"},
        {"page_size": 8},
        {"policy": "quest"},
        {"owner": "x"},
        {"dtype": "x"},
        {"retriever": "x"},
    ],
)
def test_everything_that_matters_is_in_the_key(changed: dict[str, object]) -> None:
    assert replace(manifest(), **changed).key != manifest().key  # type: ignore[arg-type]


def test_nobody_else_may_read_it(store: KVStore) -> None:
    modes = {path.stat().st_mode & 0o077 for path in store.root.rglob("*")}
    assert modes == {0}


def test_the_least_recently_used_goes_first(store: KVStore) -> None:
    other = replace(manifest(), owner="me")
    read_all(store, other)
    store.open(manifest().key, spec_of(tiny.model()), "tiny")
    assert store.trim(store.num_bytes(other.key)) == [other.key]
    assert store.documents() == [manifest().key]
