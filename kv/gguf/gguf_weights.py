"""A GGUF file's tensors as one safetensors file in bfloat16, tensor by tensor: memory holds one of them at a time."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from catena.errors import ModelUnsupported
from catena.files.atomic_files import FILE_MODE
from catena.kv.gguf.gguf_config import ROPE_FACTORS, unsupported
from catena.local.gguf_header import Header, TensorInfo

OnBytes = Callable[[int], None]
"""Told how many bytes are written."""
_AT_ONCE = 1 << 21
"""Numbers that are made float32 at a time."""
_OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_LAYER = re.compile(r"blk\.(\d+)\.(\w+)\.(weight|bias)")
_TURNED = re.compile(r"blk\.\d+\.attn_([qk])\.(?:weight|bias)")


def name_of(tensor: str) -> str:
    """The name that transformers gives a tensor of GGUF. Raises ModelUnsupported."""
    if (inner := _LAYER.fullmatch(tensor)) and inner[2] in _INNER:
        return f"model.layers.{inner[1]}.{_INNER[inner[2]]}.{inner[3]}"
    stem, _, end = tensor.rpartition(".")
    if stem in _OUTER and end in ("weight", "bias"):
        return f"{_OUTER[stem]}.{end}"
    raise unsupported(f"it has a tensor {tensor[:60]!r}, which is no part of such a model")


def check_tensors(header: Header, path: Path, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Raises ModelUnsupported for a file that is cut, or whose tensors are not those wanted (transformers' names)."""
    num_bytes = path.stat().st_size
    for one in header.tensors:
        if one.start + _num_bytes(one) > num_bytes:
            raise ModelUnsupported(
                f"{path.name} is cut short: it ends before {one.name[:60]!r} does.", "Fetch it again."
            )
    found = {name_of(one.name): one.shape for one in _weights(header)}
    for name in {*found, *wanted}:
        if found.get(name) != wanted.get(name):
            raise unsupported(f"{name} is {found.get(name)}, and {wanted.get(name)} was expected")


def num_written(header: Header) -> int:
    """Bytes of the safetensors file, but for its header."""
    return sum(_num_values(one) * 2 for one in _weights(header))


def write_weights(
    header: Header, path: Path, target: Path, heads: Mapping[str, int], on_bytes: OnBytes
) -> None:
    """Write a new safetensors file durably. `heads`: how many q and k have where llama.cpp turned them, else none."""
    tensors, done = list(_weights(header)), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as out, path.open("rb") as file:
        out.write(_front(tensors))
        for one in tensors:
            turned = _TURNED.fullmatch(one.name)
            for numbers in _numbers(file, one, heads.get(turned[1], 0) if turned else 0):
                done += out.write(torch.from_numpy(numbers).to(torch.bfloat16).view(torch.int16).numpy().data)
                on_bytes(done)
        out.flush()
        os.fsync(out.fileno())


def rows_before(num_rows: int, num_heads: int) -> np.ndarray[Any, Any]:
    """Where the rows of a projection lie in GGUF: llama.cpp lays the halves of each head in turns, for its RoPE."""
    in_file = np.arange(num_rows).reshape(num_heads, 2, -1).swapaxes(1, 2).ravel()
    return np.argsort(in_file)


def _weights(header: Header) -> Iterator[TensorInfo]:
    return (one for one in header.tensors if one.name != ROPE_FACTORS)


def _front(tensors: list[TensorInfo]) -> bytes:
    """The header of the safetensors file."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for one in tensors:
        end = at + _num_values(one) * 2
        entries[name_of(one.name)] = {"dtype": "BF16", "shape": list(one.shape), "data_offsets": [at, end]}
        at = end
    said = json.dumps(entries).encode()
    said += b" " * (-len(said) % 8)
    return len(said).to_bytes(8, "little") + said


def _numbers(file: BinaryIO, one: TensorInfo, num_heads: int) -> Iterator[np.ndarray[Any, Any]]:
    """A tensor's numbers in float32, some rows at a time."""
    from gguf import quants  # the extra `local`

    num_rows = one.shape[0]
    rows = read_rows(file, one)
    order = rows_before(num_rows, num_heads) if num_heads else None
    step = max(1, _AT_ONCE // (_num_values(one) // num_rows))
    for start in range(0, num_rows, step):
        few = rows[start : start + step] if order is None else rows[order[start : start + step]]
        yield np.ascontiguousarray(quants.dequantize(few, _kind(one))).reshape(-1)


def read_rows(file: BinaryIO, one: TensorInfo) -> np.ndarray[Any, Any]:
    """A tensor's bytes as they stand, row by row."""
    file.seek(one.start)
    return np.fromfile(file, np.uint8, _num_bytes(one)).reshape(one.shape[0], -1)


def _kind(one: TensorInfo) -> Any:
    from gguf import GGMLQuantizationType

    try:
        return GGMLQuantizationType(one.kind)
    except ValueError:
        raise unsupported(f"{one.name[:60]} is of ggml's type {one.kind}, which is not known") from None


def _num_values(one: TensorInfo) -> int:
    return math.prod(one.shape)


def _num_bytes(one: TensorInfo) -> int:
    from gguf import GGML_QUANT_SIZES

    block, size = GGML_QUANT_SIZES[_kind(one)]
    if min(one.shape) <= 0 or one.shape[-1] % block:
        raise unsupported(f"{one.name[:60]} has the shape {one.shape}")
    return _num_values(one) // block * size
