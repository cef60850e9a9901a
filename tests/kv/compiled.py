"""Compile the kernels for a GPU that need not be there: what the interpreter runs may still not compile.

Run as a program, since Triton interprets or compiles for all of a process. Prints each kernel's name.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from catena.kv.kernels.attention_kernel import _attend_split, _merge_splits
from catena.kv.kernels.choice_kernel import _choose, _score

HOPPER = GPUTarget("cuda", 90, 32)
BF16 = ("q", "records", "digest", "out")
FP32 = ("parts", "part_lse", "lse", "scores")
INT32 = ("table", "lengths", "slots", "num_pages", "num_chosen", "num_tokens", "is_due")
PRODUCT = {"PRODUCT": tl.bfloat16}
ATTEND = {
    "PAGE": 64,
    "BLOCK_M": 16,
    "BLOCK_N": 64,
    "BLOCK_D": 128,
    "STEPS": 4,
    "PRECISION": "ieee",
    **PRODUCT,
}
SCORE = {"BLOCK_G": 16, "BLOCK_P": 64, "BLOCK_D": 128, **PRODUCT}


def compile_for_hopper(kernel: Any, constants: dict[str, Any]) -> None:
    names = kernel.arg_names
    types = {**dict.fromkeys(BF16, "*bf16"), **dict.fromkeys(FP32, "*fp32"), **dict.fromkeys(INT32, "*i32")}
    signature = {name: types.get(name, "fp32" if name == "scale" else "i32") for name in names}
    signature.update(dict.fromkeys(constants, "constexpr"))
    values = {(names.index(name),): value for name, value in constants.items()}
    compiled = triton.compile(ASTSource(kernel, signature, values), target=HOPPER)
    assert len(compiled.asm["cubin"]) > 0
    print(kernel.__name__)


if __name__ == "__main__":
    compile_for_hopper(_attend_split, ATTEND)
    compile_for_hopper(_merge_splits, {"BLOCK_S": 32, "ROUNDS": 2, "BLOCK_D": 128})
    compile_for_hopper(_score, {"IS_BOX": True, "IS_SHARED": True, **SCORE})
    compile_for_hopper(_score, {"IS_BOX": False, "IS_SHARED": False, **SCORE})
    compile_for_hopper(_choose, {"BLOCK_P": 2048})
