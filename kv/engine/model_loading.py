"""Load a model folder as `save_pretrained` writes it: safetensors only, and no code from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from catena.errors import ModelUnsupported, OptionError
from catena.kv.cache.fingerprint import fingerprint_model, key_of
from catena.kv.engine import transformers_hooks
from catena.kv.engine.rope_scaling import RopeScaling, apply_rope_scaling, truncate_frequencies
from catena.kv.model_spec import ModelSpec, refuse, spec_of
from catena.local.processor import multiplies_bfloat16


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that is ready to read. `fingerprint` names its weights, tokenizer and RoPE option."""

    name: str
    model: Any
    tokenizer: Any
    spec: ModelSpec
    fingerprint: str


def load_model(
    source: str | Path,
    *,
    name: str = "",
    device: str = "cpu",
    dtype: torch.dtype | str = "auto",
    scaling: RopeScaling | None = None,
) -> LocalModel:
    """Load a folder, or a name of the Hugging Face hub that is in its cache or can be fetched; `name` to call it.

    The dtype `auto` is the weights' own, and on a CPU what that computes fast (`dtype_on_cpu`).
    Raises ModelUnsupported for what cannot be served, and says why; OptionError for a device that is not there.
    """
    check_device(device)
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    folder = find_folder(source)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        refuse(config)
        if scaling:
            apply_rope_scaling(config, scaling)
        if dtype == "auto" and device == "cpu":
            dtype = dtype_on_cpu(getattr(config, "dtype", None))
        transformers_hooks.register()
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            device_map=None,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=transformers_hooks.NAME,
        )
        # tokenizer.json as it stands: the class that goes with a model type may rebuild it otherwise.
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise ModelUnsupported(
            f"{source} cannot be loaded: {_first_line(error)}",
            "Give a folder with config.json, tokenizer.json and *.safetensors.",
        ) from error
    model.to(device).eval().requires_grad_(False)
    if scaling and scaling.kind == "truncated":
        truncate_frequencies(model.get_decoder().rotary_emb, config.max_position_embeddings)
    facts = {"weights": fingerprint_model(folder), "rope": str(scaling)}
    return LocalModel(name or Path(source).name, model, tokenizer, spec_of(model), key_of(facts))


def dtype_on_cpu(stored: torch.dtype | None) -> torch.dtype | str:
    """What weights are computed in: of 16 bits in bfloat16 where the CPU multiplies it, else in float32.

    Without such instructions bfloat16 takes several times as long as float32.
    """
    if stored not in (torch.bfloat16, torch.float16):
        return "auto"
    return torch.bfloat16 if multiplies_bfloat16() else torch.float32


def check_device(device: str) -> None:
    """Raises OptionError for a device that models cannot be served on here."""
    if device.partition(":")[0] not in ("cpu", "cuda"):
        raise OptionError(f"Models are not served on {device!r}.", "Take cpu or cuda.")
    if device != "cpu" and not torch.cuda.is_available():
        raise OptionError(
            "There is no GPU here that PyTorch can use.",
            "Take --device cpu, or install a CUDA build of PyTorch.",
        )


def find_folder(source: str | Path) -> Path:
    """The folder itself, or where the hub's files of that name are; fetched only if the hub may be asked."""
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        patterns = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
        return Path(snapshot_download(str(source), allow_patterns=patterns))
    except (HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError, OSError) as error:
        raise ModelUnsupported(
            f"There is no model folder {source}, and the hub gave none: {_first_line(error)}",
            "Give the folder that holds config.json and the *.safetensors files.",
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
