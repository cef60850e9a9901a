"""KV pages in 8 bits: half the size, an error that is bounded, and no mistaking them for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from catena.errors import OptionError
from catena.kv.cache.cache_store import KVStore, manifest_of
from catena.kv.cache.fp8 import dequantize, fp8_dtype, quantize
from catena.kv.cache.kv_document import DocumentKV, Source
from catena.kv.engine.generation import start
from catena.kv.engine.prefill import prefill, prefill_into
from catena.kv.engine.question_session import Session
from catena.kv.model_spec import spec_of
from catena.kv.policies.policy import preset
from tests.kv import tiny

SPEC = spec_of(tiny.model())
SOURCE, QUESTION = Source(tiny.tokens(150)), tiny.tokens(9, seed=2)

RELATIVE_ERROR = 2.0**-4
"""Of one number, at most: three bits follow its first. Below 2**-6 scales it is off by up to ABSOLUTE_ERROR scales."""
ABSOLUTE_ERROR = 2.0**-10


@given(seed=st.integers(0, 10_000), exponent=st.integers(-20, 12))
def test_no_number_is_further_off_than_the_bound(seed: int, exponent: int) -> None:
    x = torch.randn(2, 3, 16, 8, generator=torch.Generator().manual_seed(seed)) * 2.0**exponent
    x[0] *= torch.logspace(-8, 0, 8)
    small, scales = quantize(x)
    error = (dequantize(small, scales, torch.float32) - x).abs()
    assert (error <= torch.maximum(x.abs() * RELATIVE_ERROR, scales[..., None, None] * ABSOLUTE_ERROR)).all()


def test_zeros_stay_zeros() -> None:
    assert not dequantize(*quantize(torch.zeros(1, 4, 4)), torch.float32).any()


def kept(root: Path, dtype: torch.dtype | None) -> tuple[KVStore, str]:
    store = KVStore(root)
    manifest = manifest_of(SPEC, "tiny", SOURCE, page_size=tiny.PAGE, dtype=dtype)
    list(prefill_into(store, tiny.model(), manifest, SOURCE, chunk=48))
    return store, manifest.key


def test_on_disk_it_is_half_of_16_bits(tmp_path: Path) -> None:
    """Layers alone, without their header."""
    sizes = []
    for dtype in (torch.bfloat16, fp8_dtype()):
        store, key = kept(tmp_path / str(dtype), dtype)
        sizes.append((store.root / key / "layer_000.safetensors").stat().st_size - 4096)
    assert sizes[0] == 2 * sizes[1]


def test_answers_are_near_and_reading_goes_on_in_8_bits(tmp_path: Path) -> None:
    store, key = kept(tmp_path, fp8_dtype())
    opened = store.open(key, SPEC, "tiny")
    assert (
        opened.layers[0].dtype == fp8_dtype() and key != manifest_of(SPEC, "tiny", SOURCE, page_size=16).key
    )
    exact = tiny.read_tokens("llama", SOURCE.token_ids)
    keys, wanted = opened.whole(0)[0], exact.whole(0)[0]
    assert (keys - wanted).norm() < 0.05 * wanted.norm()
    for policy in (preset("full"), replace(preset("quest"), dense_layers=0, budget=1.0)):
        found, plain = (start(tiny.model(), Session(d, policy), QUESTION).logits for d in (opened, exact))
        assert tiny.distance(found, plain) < 0.1


def test_every_way_to_read_gives_the_same_numbers() -> None:
    document = DocumentKV.empty(SPEC, SOURCE.token_ids, tiny.PAGE, fp8_dtype())
    prefill(tiny.model(), document, chunk=48)
    keys, values = document.whole(1)
    heads, tokens = torch.arange(2), torch.tensor([[3, 149, 70], [0, 16, 99]])
    assert torch.equal(document.gather_tokens(1, tokens, heads)[0][1], keys[1, tokens[1]])
    paged, paged_values, positions = document.gather_pages(1, torch.tensor([[2, 9], [0, 1]]), heads)
    assert torch.equal(paged[1], keys[1, positions[1]]) and torch.equal(
        paged_values[1], values[1, positions[1]]
    )
    assert torch.equal(document.paged_keys(1, is_rotated=True)[0].flatten(1, 2)[:, :150], keys)


def test_a_torch_without_8_bit_floats_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch, "float8_e4m3fn")
    with pytest.raises(OptionError, match="8-bit"):
        fp8_dtype()
