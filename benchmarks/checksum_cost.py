"""Cost of the library's checksums: `python -m catena.benchmarks.checksum_cost`, adds and questions in pairs.

Each round adds a document of its own and asks about it, in one library with checksums and in one where they are all 0,
which of the two first by turns. Times are of this process's processor: the parser is another process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from catena.client import Catena
from catena.library import checksums
from catena.settings import load_settings

NUM_ROUNDS, NUM_PARAGRAPHS = 12, 1500
QUESTION = "How many hours does lantern number 12 burn?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=NUM_ROUNDS)
    parser.add_argument("--paragraphs", type=int, default=NUM_PARAGRAPHS, help="of each document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options.rounds, options.paragraphs)
    for what, (with_them, without) in found.items():
        share = median(one / other for one, other in zip(with_them, without, strict=True)) - 1
        print(f"{what}: {median(with_them):.3f} s with, {median(without):.3f} s without, {share:+.1%}")


def measure(folder: Path, num_rounds: int, num_paragraphs: int) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds of processor time by deed, with checksums and without; the first round warms up and does not count."""
    found: dict[str, tuple[list[float], list[float]]] = {"add": ([], []), "ask": ([], [])}
    for number in range(num_rounds + 1):
        file = folder / f"{number}.txt"
        file.write_text("\n\n".join(paragraphs(number, num_paragraphs)), "utf-8")
        for is_checked in (True, False) if number % 2 else (False, True):
            with kept(is_checked), opened(folder / str(is_checked)) as catena:
                add = seconds(partial(catena.add, file))
                ask = seconds(partial(catena.ask, QUESTION, documents=catena.documents()[-1:]))
            for deed, taken in (("add", add), ("ask", ask)) if number else ():
                found[deed][not is_checked].append(taken)
    return found


def paragraphs(number: int, num_paragraphs: int) -> Iterator[str]:
    for n in range(num_paragraphs):
        yield f"In harbour {number} lantern number {n} burns {n * 7 % 90} hours and hangs above door {n * 13 % 700}."


@contextmanager
def kept(is_checked: bool) -> Iterator[None]:
    """Take checksums of rows as ever, or 0 for each."""
    real = checksums.digest_of
    if not is_checked:
        checksums.digest_of = _nothing
    try:
        yield
    finally:
        checksums.digest_of = real


def _nothing(values: Iterable[object]) -> int:
    return 0


def opened(home: Path) -> Catena:
    return Catena(settings=load_settings(home=home, background=False, model=""))


def seconds(deed: Callable[[], object]) -> float:
    began = time.process_time()
    deed()
    return time.process_time() - began


if __name__ == "__main__":
    main()
