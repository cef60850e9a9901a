"""Keys that are turned to other positions are rounded once."""

from __future__ import annotations

import torch

from catena.kv.model_spec import Rope


def test_keys_in_bfloat16_are_turned_as_exactly_as_bfloat16_can_say() -> None:
    rope = Rope(10_000.0 ** -(torch.arange(0, 64, 2, dtype=torch.float64) / 64))
    keys = torch.randn(2, 500, 64, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    distance = torch.arange(500)
    exact = rope.rotate(keys.double(), distance)
    turned = rope.rotate(keys, distance)
    assert turned.dtype == torch.bfloat16
    assert ((turned.double() - exact).abs() <= exact.abs() * 2**-8 + 1e-5).all()  # half a step of bfloat16


def test_turning_there_and_back_changes_nothing_in_float64() -> None:
    rope = Rope(10_000.0 ** -(torch.arange(0, 8, 2, dtype=torch.float64) / 8))
    keys, distance = torch.randn(3, 5, 8, dtype=torch.float64), torch.arange(5)
    assert torch.allclose(rope.rotate(rope.rotate(keys, distance), -distance), keys)
