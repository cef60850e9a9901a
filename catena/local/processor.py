"""What the processor computes fast, as Linux lists it."""

from __future__ import annotations

from pathlib import Path

_LISTED = Path("/proc/cpuinfo")
_BFLOAT16 = {"amx_bf16", "avx512_bf16", "bf16"}
"""AMX, AVX-512 BF16; ARM's."""


def multiplies_bfloat16() -> bool:
    """Tell whether the processor has AMX or AVX-512 BF16, or, on ARM, BF16, as far as Linux says."""
    try:
        facts = _LISTED.read_text()
    except OSError:
        return False
    listed = next((line for line in facts.splitlines() if line.startswith(("flags", "Features"))), "")
    return bool(_BFLOAT16 & set(listed.split()))
