"""The facts that a folder of safetensors gives of its model, as a GGUF file does: `config.json`, and beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from catena.errors import OptionError
from catena.local.gguf import Facts


def facts_of_folder(folder: Path) -> Facts:
    """Read what a model's folder says of itself. Raises OptionError for one that cannot be served."""
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        heads = int(config["num_attention_heads"])
        width = int(config.get("head_dim") or config["hidden_size"] // heads)
        kv_heads = int(config.get("num_key_value_heads") or heads)
        return Facts(
            str(config["model_type"]),
            int(config["max_position_embeddings"]),
            int(config["num_hidden_layers"]) * kv_heads * width * 2 * 2,  # keys and values, 16 bits each
            _has_template(folder),
            title=folder.resolve().name,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise OptionError(
            f"{folder}/config.json is damaged, or of no language model: {error!r}.",
            "Give the folder of an instruct model as `save_pretrained` writes it, or a GGUF file.",
        ) from None


def _has_template(folder: Path) -> bool:
    said = folder / "tokenizer_config.json"
    return (folder / "chat_template.jinja").is_file() or (
        said.is_file() and "chat_template" in said.read_text("utf-8", "replace")
    )
