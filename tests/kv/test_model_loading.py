"""What is loaded is safetensors of a known family, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from catena.benchmarks.kv.recall_model import plant, save_checkpoint
from catena.errors import ModelUnsupported, OptionError
from catena.kv.engine import model_loading
from catena.kv.engine.model_loading import load_model
from catena.kv.engine.rope_scaling import RopeScaling
from catena.kv.model_spec import refuse
from tests.kv import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models") / "recall"
    save_checkpoint(plant(), made)
    return made


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (transformers.MistralConfig(**tiny.SIZES, sliding_window=64), "sliding window"),
        (
            transformers.Qwen2Config(**tiny.SIZES, use_sliding_window=True, sliding_window=64),
            "sliding window",
        ),
        (transformers.Gemma3TextConfig(**tiny.SIZES), "gemma3_text"),
        (transformers.DeepseekV3Config(), "deepseek_v3"),
    ],
)
def test_other_attention_is_refused_by_name(config: Any, message: str) -> None:
    with pytest.raises(ModelUnsupported, match=message):
        refuse(config)


@pytest.mark.parametrize(("device", "message"), [("tpu", "'tpu'"), ("cuda", "no GPU here")])
def test_a_device_that_is_not_there_is_refused(
    device: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match=message):
        load_model("nowhere", device=device)


def test_shards_are_one_model(folder: Path, tmp_path: Path) -> None:
    whole = load_model(folder)
    save_checkpoint(whole.model, tmp_path / "sharded")
    (tmp_path / "sharded" / "model.safetensors").unlink()
    whole.model.save_pretrained(tmp_path / "sharded", max_shard_size="100KB")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 1
    sharded = load_model(tmp_path / "sharded")
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, sharded.model.state_dict()[name])


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    made = tmp_path / "pickled"
    save_checkpoint(plant(), made)
    torch.save(plant().state_dict(), made / "pytorch_model.bin")
    (made / "model.safetensors").unlink()
    with pytest.raises(ModelUnsupported, match="cannot be loaded"):
        load_model(made)


def test_a_rope_option_and_other_weights_are_other_models(folder: Path, tmp_path: Path) -> None:
    save_checkpoint(plant(seed=1), tmp_path / "other")
    prints = {
        load_model(folder).fingerprint,
        load_model(folder, scaling=RopeScaling("linear", 2)).fingerprint,
        load_model(folder, scaling=RopeScaling("truncated")).fingerprint,
        load_model(tmp_path / "other").fingerprint,
    }
    assert len(prints) == 4
    assert load_model(folder).fingerprint in prints


@pytest.mark.parametrize(("is_fast", "computed"), [(True, torch.bfloat16), (False, torch.float32)])
def test_weights_of_16_bits_are_computed_in_what_the_processor_does_fast(
    is_fast: bool, computed: torch.dtype, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_loading, "multiplies_bfloat16", lambda: is_fast)
    save_checkpoint(plant().to(torch.float16), tmp_path)
    assert load_model(tmp_path).spec.dtype == computed
    assert load_model(folder).spec.dtype == torch.float32
    assert load_model(tmp_path, dtype="float32").spec.dtype == torch.float32
