"""The tests of the local model; they need the extra `local`, which `make test` installs."""

from __future__ import annotations

import os
from importlib.util import find_spec

if find_spec("torch") is None:
    collect_ignore_glob = ["*"]
else:
    import torch

    if not torch.cuda.is_available():
        os.environ["TRITON_INTERPRET"] = "1"  # kernels run as NumPy; read when they are imported
    torch.set_num_threads(1)  # the models are tiny, and the tests run beside others


def pytest_report_header() -> str:
    return (
        ""
        if find_spec("torch")
        else 'tests/kv: left out, torch is not installed (pip install "catena-qa[local]")'
    )
