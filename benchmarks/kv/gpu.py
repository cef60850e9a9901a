"""KV pages on a GPU, in one go: ceilings, kernels against float64, a sweep, decode steps, first tokens.

    python -m catena.benchmarks.kv.gpu [--stage NAME ...] [--out FILE.md]

`--smoke` runs every stage on the CPU, tiny, with Triton's interpreter: it shows that the command works and measures
nothing.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import torch

from catena.benchmarks.kv.clock import Ceilings, Clock, Table, measure_ceilings
from catena.benchmarks.kv.kernels import Case, check, sweep, sweep_splits
from catena.benchmarks.kv.steps import LLAMA, QWEN, Setting, Shape, decode_steps, first_tokens
from catena.errors import CatenaError, MissingExtra, OptionError

STAGES = ("ceilings", "kernels", "sweep", "steps", "first")
TINY = Case(100, 0.3, num_heads=4, num_kv_heads=2, head_dim=32, page_size=16, dtype=torch.float32)
SMALL = Shape("tiny", 2, 64, 96, 4, 2, 101, page_size=16, dtype=torch.float32)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes that are measured: those of a GPU, or the smallest that run every line."""

    num_bytes: int
    side: int
    checks: tuple[Case, ...]
    sweep: tuple[Case, ...]
    splits: tuple[int, ...]
    shapes: tuple[Shape, ...]
    settings: tuple[Setting, ...]
    lengths: tuple[int, ...]
    chunk: int


def of_gpu() -> Sizes:
    long = Case(131072)
    ragged = Case(4133, 0.25, num_rows=3, is_shared=False)
    return Sizes(
        num_bytes=1 << 31,
        side=8192,
        checks=(
            ragged,
            replace(ragged, dtype=torch.float32),
            replace(ragged, num_heads=28, num_kv_heads=4),
            replace(ragged, num_heads=8, head_dim=80),
            replace(ragged, page_size=16, is_shared=True),
            long,
        ),
        sweep=(
            Case(32768),
            replace(long, budget=0.25),
            long,
            replace(long, budget=0.03125),
            replace(long, num_rows=8),
            replace(long, num_rows=8, is_shared=False),
            replace(long, num_heads=28, num_kv_heads=4),
        ),
        splits=(1, 4, 8, 16, 32, 64, 128),
        shapes=(LLAMA, QWEN),
        settings=(Setting(32768), Setting(131072), Setting(131072, 8), Setting(32768, 8, is_shared=False)),
        lengths=(32768, 131072),
        chunk=8192,
    )


def of_smoke() -> Sizes:
    return Sizes(
        num_bytes=1 << 16,
        side=32,
        checks=(TINY, replace(TINY, num_rows=2, is_shared=False, dtype=torch.bfloat16)),
        sweep=(TINY, replace(TINY, num_rows=2), replace(TINY, num_rows=2, is_shared=False)),
        splits=(1, 3),
        shapes=(SMALL,),
        settings=(Setting(100), Setting(100, 2), Setting(100, 2, is_shared=False)),
        lengths=(100,),
        chunk=64,
    )


class Bench:
    """The stages, each a few tables; the ceilings are measured when one first needs them."""

    def __init__(self, clock: Clock, sizes: Sizes) -> None:
        self._clock = clock
        self._sizes = sizes
        self._ceilings: Ceilings | None = None

    def tables(self, stage: str) -> Iterator[Table]:
        """The tables of one of STAGES."""
        work = (self._measure, self._kernels, self._sweep, self._steps, self._first)
        return dict(zip(STAGES, work, strict=True))[stage]()

    @property
    def ceilings(self) -> Ceilings:
        if self._ceilings is None:
            self._ceilings = measure_ceilings(
                self._clock, num_bytes=self._sizes.num_bytes, side=self._sizes.side
            )
        return self._ceilings

    def _measure(self) -> Iterator[Table]:
        yield self.ceilings.table()

    def _kernels(self) -> Iterator[Table]:
        table, is_right = check(self._sizes.checks, self._clock.device)
        yield table
        if not is_right:
            raise OptionError("A kernel is wrong on this device; its times would mean nothing.")

    def _sweep(self) -> Iterator[Table]:
        yield sweep(self._sizes.sweep, self._clock, self.ceilings)
        yield sweep_splits(self._sizes.sweep[0], self._sizes.splits, self._clock, self.ceilings)

    def _steps(self) -> Iterator[Table]:
        for shape in self._sizes.shapes:
            yield decode_steps(shape, self._sizes.settings, self._clock)

    def _first(self) -> Iterator[Table]:
        for shape in self._sizes.shapes:
            yield first_tokens(shape, self._sizes.lengths, self._sizes.chunk, self._clock)


def open_bench(*, is_smoke: bool) -> Bench:
    """Raises OptionError where there is no GPU, MissingExtra where there is no Triton."""
    if find_spec("triton") is None:
        raise MissingExtra("Triton", "kernels")
    if is_smoke:
        return Bench(Clock(torch.device("cpu")), of_smoke())
    if not torch.cuda.is_available():
        raise OptionError(
            "There is no GPU here that PyTorch can use, so there is nothing to measure.",
            "Run it where there is one, with a CUDA build of PyTorch; --smoke only tries the command.",
        )
    return Bench(Clock(torch.device("cuda")), of_gpu())


def machine() -> str:
    """The day, the GPU and the versions."""
    import triton  # later than the interpreter is asked for

    name = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else "no GPU: nothing of this is a measurement"
    )
    return (
        f"{datetime.date.today()}, {name}, PyTorch {torch.__version__}, transformers {version('transformers')}, "
        f"Triton {triton.__version__}, Python {platform.python_version()}"
    )


def run(bench: Bench, stages: Sequence[str], out: Path | None) -> None:
    """Print the tables as they come, and write them to a file too."""
    parts = [machine()]
    print(parts[0])
    for stage in stages or STAGES:
        for table in bench.tables(stage):
            parts.append(str(table))
            print(f"\n{table}", flush=True)
            if out:
                out.write_text("\n\n".join(parts) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure KV pages on a GPU.")
    parser.add_argument("--smoke", action="store_true", help="try every stage on the CPU")
    parser.add_argument("--stage", action="append", default=[], choices=STAGES)
    parser.add_argument("--out", type=Path, help="write the tables to this file as well")
    options = parser.parse_args()
    if (
        options.smoke and "TRITON_INTERPRET" not in os.environ
    ):  # read when Triton is imported, which PyTorch did
        command = [sys.executable, "-m", "catena.benchmarks.kv.gpu", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "TRITON_INTERPRET": "1"})
    try:
        run(open_bench(is_smoke=options.smoke), options.stage, options.out)
    except CatenaError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
