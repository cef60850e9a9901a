"""What only a GPU can run, as far as it can be tried without one."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from catena.benchmarks.kv.gpu import STAGES, open_bench, run
from catena.errors import OptionError

needs_triton = pytest.mark.skipif(
    find_spec("triton") is None, reason='Triton is not installed (pip install "catena-qa[kernels]")'
)


@needs_triton
@pytest.mark.slow
def test_the_kernels_compile_for_a_gpu() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-m", "tests.kv.compiled"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=plain, capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["_attend_split", "_merge_splits", "_score", "_score", "_choose"], (
        done.stderr
    )


@needs_triton
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_the_bench_runs(
    stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(open_bench(is_smoke=True), [stage], tmp_path / "tables.md")
    written = (tmp_path / "tables.md").read_text("utf-8")
    assert written.count("\n**") == (2 if stage == "sweep" else 1)
    assert written.strip() == capsys.readouterr().out.strip()


@needs_triton
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(OptionError, match="no GPU"):
        open_bench(is_smoke=False)
