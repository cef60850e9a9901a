"""Times on a device, and what the device can do at best: the rates that kernels are compared with."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

Work = Callable[[], object]
GIGA = 1e9


@dataclass(frozen=True, slots=True)
class Table:
    """Something to print: cells are text already."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        head = [f"**{self.title}**", "", _line(self.columns), _line(["---"] * len(self.columns))]
        return "\n".join([*head, *(_line(row) for row in self.rows)])


@dataclass(frozen=True, slots=True)
class Clock:
    """Times work on one device; on the CPU once, which shows no more than that it runs."""

    device: torch.device

    @property
    def is_gpu(self) -> bool:
        return self.device.type == "cuda"

    def seconds(self, work: Work) -> float:
        """Median of many runs of kernels alone, replayed from a CUDA graph, each with a cold cache."""
        if not self.is_gpu:
            return self.each(work, 1)
        from triton.testing import do_bench

        for _ in range(3):
            work()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
        return float(do_bench(graph.replay, return_mode="median")) / 1e3

    def each(self, work: Work, count: int, num_warm: int = 0) -> float:
        """Median of `count` runs from call to result, launches and all."""
        found = []
        for _ in range(num_warm + count):
            self._wait()
            start = time.perf_counter()
            work()
            self._wait()
            found.append(time.perf_counter() - start)
        return median(found[num_warm:])

    def _wait(self) -> None:
        if self.is_gpu:
            torch.cuda.synchronize()


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Bytes a second within the device, from host memory and back, and from disk; products a second in bfloat16."""

    copy: float
    to_device: float
    to_host: float
    disk: float
    products: float

    def table(self) -> Table:
        rows = [
            ("copy on the device, bytes read and written", f"{self.copy / GIGA:,.0f} GB/s"),
            ("pinned host memory to device", f"{self.to_device / GIGA:,.1f} GB/s"),
            ("device to pinned host memory", f"{self.to_host / GIGA:,.1f} GB/s"),
            ("a file that is in no cache", f"{self.disk / GIGA:,.2f} GB/s"),
            ("matrix product in bfloat16", f"{self.products / 1e12:,.1f} TFLOP/s"),
        ]
        return Table("Ceilings", ("what", "measured"), rows)


def measure_ceilings(clock: Clock, *, num_bytes: int, side: int) -> Ceilings:
    """Copies of `num_bytes`, and the product of two square matrices."""
    here = torch.ones(num_bytes // 2, dtype=torch.bfloat16, device=clock.device)
    other = torch.empty_like(here)
    host = torch.ones(num_bytes // 2, dtype=torch.bfloat16, pin_memory=clock.is_gpu)
    left = torch.randn(side, side, device=clock.device).to(torch.bfloat16)
    return Ceilings(
        copy=2 * num_bytes / clock.seconds(lambda: other.copy_(here)),
        to_device=num_bytes / clock.each(lambda: here.copy_(host, non_blocking=True), 3, 1),
        to_host=num_bytes / clock.each(lambda: host.copy_(here, non_blocking=True), 3, 1),
        disk=_disk_rate(num_bytes),
        products=2 * side**3 / clock.seconds(lambda: left @ left),
    )


def drop_from_cache(path: Path) -> None:
    """Let the next read of a file come from disk (Linux)."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def error_of(found: Tensor, wanted: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    wanted = wanted.double()
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


def _disk_rate(num_bytes: int) -> float:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bytes"
        path.write_bytes(os.urandom(num_bytes))
        drop_from_cache(path)
        start = time.perf_counter()
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
        return num_bytes / (time.perf_counter() - start)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
