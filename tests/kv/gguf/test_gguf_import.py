"""A GGUF file becomes a model folder that is equal to the model that it was made of; whole, once, or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from catena.errors import CatenaError, ModelUnsupported, OptionError
from catena.kv.engine.model_loading import load_model
from catena.kv.gguf import gguf_import
from catena.kv.gguf.gguf_config import llama3_factors
from catena.kv.gguf.gguf_import import import_gguf
from catena.kv.gguf.gguf_tokenizer import ends_of
from catena.kv.gguf.model_source import find_source
from catena.local.gguf_header import read_header
from catena.local.imported_models import ImportedModels
from catena.local.stored_models import Shelf
from tests.kv.gguf.tiny_gguf import END, Kind, lengths, model_of, write_gguf


def turn(path: Path, into: Path) -> Path:
    return import_gguf(path, "tiny", ImportedModels(into), lambda *_: None, lambda _: None)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_a_model_comes_back_bit_by_bit(family: str, tmp_path: Path) -> None:
    model = model_of(family)
    loaded = load_model(turn(write_gguf(tmp_path / "a.gguf", model), tmp_path)).model
    assert loaded.dtype == torch.bfloat16
    assert loaded.config.rope_parameters == model.config.rope_parameters
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name


@pytest.mark.parametrize(("kind", "error"), [(Kind.F16, 1e-2), (Kind.Q8_0, 2e-2), (Kind.Q4_1, 0.2)])
def test_quantised_blocks_are_near_what_they_were_made_of(kind: Kind, error: float, tmp_path: Path) -> None:
    model = model_of("llama")
    loaded = load_model(turn(write_gguf(tmp_path / "a.gguf", model, kind=kind), tmp_path)).model
    for name, tensor in model.state_dict().items():
        off = (tensor.float() - loaded.state_dict()[name].float()).abs().max() / tensor.float().abs().max()
        assert off < error, name


def test_text_is_cut_as_the_file_says_and_comes_back(tmp_path: Path) -> None:
    tokenizer = load_model(turn(write_gguf(tmp_path / "a.gguf", model_of("qwen2")), tmp_path)).tokenizer
    text = f"The 12 lamps, 日本\n\n cost{END}"
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(ids) == text
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.convert_ids_to_tokens(ids)[4:6] == [
        "1",
        "2",
    ]  # never merged: each digit is cut off before
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    assert chat == "<|im_start|>user\nHi<|im_end|>\n"


def test_all_tokens_that_end_an_answer_are_kept(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", model_of("llama"))
    found = load_model(turn(path, tmp_path)).model.generation_config.eos_token_id
    assert found == ends_of(read_header(path).keys) == [259, 261]


def test_positions_stretched_as_in_llama_3_are_found_from_their_factors(tmp_path: Path) -> None:
    rope = {"rope_type": "llama3", "rope_theta": 500_000.0, "factor": 32.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}  # fmt: skip
    config = LlamaConfig(hidden_size=64, num_attention_heads=1, head_dim=64, rope_parameters=rope)
    plain = 500_000.0 ** -(torch.arange(0, 64, 2) / 64)
    factors = torch.tensor(llama3_factors(rope, 64))
    assert torch.allclose(plain / factors, LlamaRotaryEmbedding(config).inv_freq, rtol=1e-5)


def test_the_same_file_is_turned_once_wherever_it_lies(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", model_of("llama"))
    first = turn(path, tmp_path)
    wrote = (first / "model.safetensors").stat().st_mtime_ns
    assert turn(path.rename(tmp_path / "b.gguf"), tmp_path) == first
    assert (first / "model.safetensors").stat().st_mtime_ns == wrote
    imported = ImportedModels(tmp_path)
    assert [(one.name, one.file) for one in imported.all()] == [("tiny", "a.gguf")]
    assert imported.rm("tiny") and not imported.all() and not first.exists()


@pytest.mark.parametrize("part", range(12))
def test_a_file_that_is_cut_is_refused_and_leaves_nothing(part: int, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", model_of("llama"))
    path.write_bytes(path.read_bytes()[: lengths(path, 12)[part]])
    with pytest.raises(ModelUnsupported, match="damaged|cut short"):
        turn(path, tmp_path)
    assert not [one for one in ImportedModels(tmp_path).folder.iterdir() if one.name != "lock"]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"split__count": 2}, "one of 2 files"),
        ({"tokenizer__ggml__pre": "gpt-9"}, "'gpt-9'"),
        ({"tokenizer__ggml__model": "t5"}, "'t5'"),
        ({"general__architecture": "gemma3"}, "'gemma3'"),
        ({"llama__expert_count": 8}, "mixture of experts"),
        ({"llama__attention__sliding_window": 4096}, "sliding window"),
        ({"llama__rope__scaling__type": "longrope"}, "'longrope'"),
        ({"llama__block_count": 2_000_000_000}, "layers"),
        ({"llama__feed_forward_length": 64}, "was expected"),
        ({"llama__embedding_length": "wide"}, "damaged"),
    ],
)
def test_a_model_of_another_kind_is_refused_by_name(keys: dict[str, Any], why: str, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", model_of("llama"), **keys)
    with pytest.raises(ModelUnsupported, match=why):
        turn(path, tmp_path)


def test_a_disk_without_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_import, "free_bytes", lambda _: 1000)
    with pytest.raises(OptionError, match="are free on the disk"):
        turn(write_gguf(tmp_path / "a.gguf", model_of("llama")), tmp_path)


@pytest.mark.slow
def test_an_import_that_was_killed_leaves_no_half_and_the_next_one_ends_it(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", model_of("llama"))
    killed = (
        "import os, signal, sys; from pathlib import Path\n"
        "from catena.kv.gguf.gguf_import import import_gguf\n"
        "from catena.local.imported_models import ImportedModels\n"
        "def die(done): os.kill(os.getpid(), signal.SIGKILL)\n"
        "import_gguf(Path(sys.argv[1]), 'tiny', ImportedModels(Path(sys.argv[2])), lambda *_: None, die)"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(path), str(tmp_path)], timeout=600)
    imported = ImportedModels(tmp_path)
    assert (done.returncode, imported.all()) == (-9, [])
    assert any(one.name.endswith(".part") for one in imported.folder.iterdir())
    whole = turn(path, tmp_path)
    assert sorted(one.name for one in imported.folder.iterdir()) == sorted(["lock", whole.name])


def test_a_name_means_a_folder_a_file_or_a_model_that_was_taken(tmp_path: Path) -> None:
    path, shelf = write_gguf(tmp_path / "A Model.gguf", model_of("llama")), Shelf(tmp_path / "models")
    shelf.add(path, "taken")

    def found(source: str) -> tuple[str, str]:
        return find_source(source, shelf, lambda *_: None, lambda _: None)

    folder, name = found(str(path))
    assert name == "a-model"
    assert found("taken") == found("local/taken") == (folder, "taken")
    assert found(folder)[0] == folder
    assert found("someone/elsewhere") == ("someone/elsewhere", "elsewhere")
    for missing in ("local/none", str(tmp_path / "none.gguf")):
        with pytest.raises(CatenaError, match="There is no"):
            found(missing)
