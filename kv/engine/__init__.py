"""A language model over KV pages: prefill, steps, sampling.

PyTorch keeps what its kernels for the CPU prepared for each length of a prompt, a thousand by default: gigabytes in an
hour of questions. Sixteen are as fast.
"""

import os

for _name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):  # read when PyTorch first computes
    os.environ.setdefault(_name, "16")
