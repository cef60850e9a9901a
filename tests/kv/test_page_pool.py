"""Memory for KV pages: of fixed size, equal to none at all, and what comes from disk is counted."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from catena.errors import StoreError
from catena.kv.cache.cache_store import KVStore, manifest_of
from catena.kv.cache.kv_document import DocumentKV, Source, record_shape
from catena.kv.cache.page_pool import LoadCounts, PagePool
from catena.kv.engine.generation import start
from catena.kv.engine.prefill import prefill_into
from catena.kv.engine.question_session import Session
from catena.kv.model_spec import spec_of
from catena.kv.policies.page_selection import PolicyInputs
from catena.kv.policies.policy import preset
from catena.kv.policies.trained_retriever import PageRetriever
from tests.kv import tiny

SPEC = spec_of(tiny.model())
RECORD = record_shape(SPEC, 1, tiny.PAGE)[1:]
BYTES = 4 * torch.Size(RECORD).numel()
QUESTION = tiny.tokens(9, seed=2)


def pool_of(num_pages: int) -> PagePool:
    return PagePool(RECORD, torch.float32, num_pages * BYTES)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[KVStore, str]:
    """A document of 30 KV pages in three layers."""
    store, source = KVStore(tmp_path_factory.mktemp("kv")), Source(tiny.tokens(470))
    manifest = manifest_of(SPEC, "tiny", source, page_size=tiny.PAGE)
    list(prefill_into(store, tiny.model(), manifest, source))
    return store, manifest.key


def said(document: DocumentKV, policy: str, refresh: int = 1) -> tuple[list[int], Session]:
    session = Session(document, replace(preset(policy), budget=0.1, refresh=refresh))
    return list(tiny.generate_greedy(tiny.model(), start(tiny.model(), session, QUESTION), 6)), session


@pytest.mark.parametrize("policy", ["full", "quest", "arkvale", "longheads", "lm-infinite"])
@pytest.mark.parametrize("num_pages", [1, 12, 1000])
def test_answers_do_not_depend_on_the_pool(kept: tuple[KVStore, str], policy: str, num_pages: int) -> None:
    store, key = kept
    pool = pool_of(num_pages)
    found, _ = said(store.open(key, SPEC, "tiny", pool), policy)
    assert found == said(store.open(key, SPEC, "tiny"), policy)[0]
    assert pool.num_bytes <= num_pages * BYTES
    pool.close()


def test_of_a_document_only_what_is_chosen_comes_from_disk(kept: tuple[KVStore, str]) -> None:
    """With the index kept, the second opening reads selected KV pages and never the whole."""
    store, key = kept
    said(store.open(key, SPEC, "tiny"), "mean")
    pool = pool_of(1000)
    _, session = said(store.open(key, SPEC, "tiny", pool), "mean", refresh=0)
    pool.close()
    assert 0 < pool.loads.num_bytes < 0.5 * 3 * 30 * BYTES
    assert session.loads.num_bytes == pool.loads.num_bytes == pool.num_bytes
    assert session.loads.num_hits > 0


def test_a_second_question_finds_what_the_first_left(kept: tuple[KVStore, str]) -> None:
    store, key = kept
    pool = pool_of(1000)
    document = store.open(key, SPEC, "tiny", pool)
    said(document, "mean")
    assert said(document, "mean")[1].loads.num_bytes == 0
    pool.forget(document.tag)
    assert pool.num_bytes == 0
    pool.close()


@pytest.mark.parametrize("num_pages", [1, 12, 1000])
def test_answers_do_not_depend_on_a_pool_above_it(kept: tuple[KVStore, str], num_pages: int) -> None:
    """As on a GPU, of another size than what is below; only what came from disk counts for the question."""
    store, key = kept
    below = pool_of(40)
    pool = PagePool(RECORD, torch.float32, num_pages * BYTES, below=below)
    found, session = said(store.open(key, SPEC, "tiny", pool), "quest")
    assert found == said(store.open(key, SPEC, "tiny"), "quest")[0]
    assert session.loads.num_bytes == below.loads.num_bytes > 0
    pool.close()


class Disk:
    """Records that hold their number; `gate` holds readers up."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def load(self, page: int, record: torch.Tensor) -> None:
        assert self.gate.wait(5)
        if page < 0:
            raise StoreError("It is damaged.")
        self.read.append(page)
        record.fill_(page)


def get(pool: PagePool, disk: Disk, *pages: int, layer: int = 0) -> list[int]:
    with pool.hold("document", layer, pages, disk.load, LoadCounts()) as (records, rows):
        return [int(records[row].mean()) for row in rows.tolist()]


def test_the_least_recently_used_makes_room() -> None:
    pool, disk = pool_of(3), Disk()
    for pages in ([1, 2, 3], [1], [4], [1], [2]):
        assert get(pool, disk, *pages) == pages
    assert disk.read == [1, 2, 3, 4, 2]
    assert pool.num_bytes == 3 * BYTES


def test_what_made_room_above_is_still_below() -> None:
    disk, loads = Disk(), LoadCounts()
    pool = PagePool(RECORD, torch.float32, 2 * BYTES, below=pool_of(8))
    for page in (1, 2, 3, 1, 3):
        with pool.hold("document", 0, [page], disk.load, loads) as (records, rows):
            assert float(records[rows].mean()) == page
    assert disk.read == [1, 2, 3]
    assert (pool.loads.num_loaded, loads.num_loaded, loads.num_hits) == (4, 3, 2)
    pool.forget("document")
    assert pool.num_bytes == 0
    pool.close()


def test_what_is_read_never_makes_room() -> None:
    pool, disk = pool_of(2), Disk()
    with pool.hold("document", 0, [1, 2], disk.load, LoadCounts()) as (records, rows):
        assert get(pool, disk, 3) == [3]
        assert [int(records[row].mean()) for row in rows.tolist()] == [1, 2]


def test_sink_and_local_kv_pages_stay() -> None:
    pool, disk = pool_of(4), Disk()
    pool.pin("document", [(0, 0), (0, 9)])
    get(pool, disk, 0, 9)
    for page in range(1, 8):
        get(pool, disk, page)
    get(pool, disk, 0, 9)
    assert disk.read.count(0) == disk.read.count(9) == 1


def test_loaded_ahead_is_there_when_it_is_needed() -> None:
    pool, disk, loads = pool_of(8), Disk(), LoadCounts()
    disk.gate.clear()
    pool.prefetch("document", 1, [5, 6], disk.load, loads)
    assert disk.read == []
    threading.Timer(0.05, disk.gate.set).start()
    assert get(pool, disk, 6, 7, layer=1) == [6, 7]
    pool.close()
    assert sorted(disk.read) == [5, 6, 7] and loads.num_loaded == 2


def test_a_damaged_kv_page_is_said_and_leaves_no_hole() -> None:
    pool, disk = pool_of(2), Disk()
    with pytest.raises(StoreError, match="damaged"):
        get(pool, disk, 1, -1)
    assert get(pool, disk, 1, 2) == [1, 2]


def test_who_waits_for_what_is_damaged_is_told() -> None:
    pool, disk = pool_of(2), Disk()
    disk.gate.clear()
    pool.prefetch("document", 0, [-1], disk.load, LoadCounts())
    while not pool.num_bytes:
        time.sleep(0.001)
    threading.Timer(0.05, disk.gate.set).start()
    with pytest.raises(StoreError, match="by another question"):
        get(pool, disk, -1)
    pool.close()
    assert pool.num_bytes == 0


def test_many_readers_at_once_read_what_they_asked_for() -> None:
    pool, disk = pool_of(6), Disk()
    wrong: list[object] = []

    def read(seed: int) -> None:
        for pages in torch.randint(20, (200, 3), generator=torch.Generator().manual_seed(seed)).tolist():
            distinct = sorted(set(pages))
            pool.prefetch("document", 0, [seed], disk.load, LoadCounts())
            wrong.extend([] if get(pool, disk, *distinct) == distinct else [distinct])

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert wrong == [] and pool.num_bytes <= 6 * BYTES


def test_choosing_reads_no_keys_once_the_index_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing loaded ahead: how much of that comes in time depends on the machine."""
    monkeypatch.setattr(PagePool, "prefetch", lambda *_: None)
    store, source = KVStore(tmp_path), Source(tiny.tokens(470))
    manifest = manifest_of(SPEC, "tiny", source, page_size=tiny.PAGE, policy="look-m")
    list(prefill_into(store, tiny.model(), manifest, source))
    torch.manual_seed(0)
    aids = PolicyInputs(PageRetriever(3, 16).requires_grad_(False))
    for name in ("quest", "longheads", "infllm", "retro"):
        policy = replace(preset(name), budget=0.1, dense_layers=0, local_pages=1, refresh=0)
        pools = [pool_of(1000), pool_of(1000)]
        for pool in pools:
            opened = store.open(manifest.key, SPEC, "tiny", pool)
            start(tiny.model(), Session(opened, policy, aids), QUESTION)
            pool.close()
        assert pools[0].loads.num_bytes == pools[1].loads.num_bytes + 3 * 30 * BYTES, name
