"""Small GGUF files with weights, written by llama.cpp's own package from models of transformers with random ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers

from tests.kv import tiny

SIZES = {**tiny.SIZES, "vocab_size": 262}
END, CONTROL, NORMAL = "<|im_end|>", 3, 1
TEMPLATE = "{% for one in messages %}<|im_start|>{{ one.role }}\n{{ one.content }}<|im_end|>\n{% endfor %}"
_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
Kind = gguf.GGMLQuantizationType


def model_of(family: str) -> Any:
    torch.manual_seed(0)
    config = {
        "llama": transformers.LlamaConfig,
        "qwen2": transformers.Qwen2Config,
        "qwen3": transformers.Qwen3Config,
    }[family](**SIZES, rms_norm_eps=1e-5)
    return transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)


def write_gguf(path: Path, model: Any, *, kind: Kind = Kind.F32, **more: Any) -> Path:
    """Write a model as llama.cpp's converter does; `more` are keys to add, change, or leave out (None)."""
    config = model.config
    family = config.model_type
    writer = gguf.GGUFWriter(path, family)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(getattr(config, "head_dim", config.hidden_size // config.num_attention_heads))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    _add_tokenizer(writer)
    for name, value in more.items():
        writer.add_key_value(name.replace("__", "."), value, gguf.GGUFValueType.get_type(value))
    for name, tensor in model.state_dict().items():
        numbers = _turned(name, tensor, config) if family == "llama" else tensor
        values = numbers.float().numpy()
        is_matrix = values.ndim == 2 and kind != Kind.F32
        data = gguf.quants.quantize(values, kind) if is_matrix else values
        writer.add_tensor(_name(name), data, raw_dtype=kind if is_matrix else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: gguf.GGUFWriter) -> None:
    letters = list(transformers.convert_slow_tokenizer.bytes_to_unicode().values())
    special = ["<|endoftext|>", "<|im_start|>", END]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*letters, "th", "12", "3a", *special])
    writer.add_token_types([NORMAL] * (len(letters) + 3) + [CONTROL] * 3)
    writer.add_token_merges(["t h", "1 2"])
    writer.add_eos_token_id(len(letters) + 5)
    writer.add_bos_token_id(len(letters) + 3)
    writer.add_chat_template(TEMPLATE)


def _name(name: str) -> str:
    stem, _, end = name.rpartition(".")
    if stem in _NAMES:
        return f"{_NAMES[stem]}.{end}"
    _, _, layer, inner = stem.split(".", 3)
    return f"blk.{layer}.{_NAMES[inner]}.{end}"


def _turned(name: str, tensor: torch.Tensor, config: Any) -> torch.Tensor:
    """llama.cpp's converter: the two halves of each head of q and k in turns."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    part = name.split(".")[-2]
    if part not in heads:
        return tensor
    rest = tensor.shape[1:]
    return tensor.reshape(heads[part], 2, -1, *rest).swapaxes(1, 2).reshape(tensor.shape)


def lengths(path: Path, parts: int) -> list[int]:
    """Places at which a file may be cut, from its beginning on."""
    return [int(one) for one in np.linspace(0, path.stat().st_size - 1, parts)]
