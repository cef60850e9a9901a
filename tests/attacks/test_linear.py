"""Text that wants to take time: twice as much of it takes no more than about twice as long, outside the parser too."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from catena import Catena

UNITS = ["wordwithoutend", ".", "(a) "]
ALL_UNITS = [
    *UNITS,
    "\t",
    "A",
    "A. ",
    "_",
    "=",
    "[1] ",
    "<a ",
    "http://a",
    "said ",
    "the first, ",
    "I",
    "1) ",
    "1,",
]
ALL_UNITS += ["who ", "- ", "|", "Mr. ", "of the "]
SHORT = 20_000
MAX_RATIO = 2.5
FLOOR_SECONDS = 0.5
"""Of processor time: what is done in less is not worth a ratio, and start-up is in it."""


def seconds_of(home: Path, unit: str, num_characters: int) -> float:
    """Processor time of this process, for a document of the unit alone and one question about it."""
    file = home.parent / f"{num_characters}.txt"
    file.write_text(
        (unit * (num_characters // len(unit) + 1))[:num_characters] + "\n\nThe tower is red.\n", "utf-8"
    )
    with Catena(home) as c:
        began = time.process_time()
        document = c.add(file)
        c.ask("Which colour is the tower?", documents=[document])
        return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("unit", ALL_UNITS if os.environ.get("CATENA_ATTACKS") else UNITS)
def test_twice_the_text_takes_twice_the_time(tmp_path: Path, unit: str) -> None:
    short, long = (seconds_of(tmp_path / str(size), unit, size) for size in (SHORT, 2 * SHORT))
    assert long / max(short, FLOOR_SECONDS) < MAX_RATIO


@pytest.mark.parametrize("unit", [".", "-", "w", "(", "1,"])
def test_a_question_twice_as_long_takes_twice_the_time(tmp_path: Path, unit: str) -> None:
    file = tmp_path / "tower.txt"
    file.write_text("The tower is red.", "utf-8")
    seconds = []
    with Catena(tmp_path / "home") as c:
        c.add(file)
        c.ask("Which colour is the tower?")  # what is imported and loaded once
        for size in (3900, 7800):
            began = time.process_time()
            c.ask((unit * size)[:size] + " Which colour is the tower?")
            seconds.append(time.process_time() - began)
    assert seconds[1] / max(seconds[0], FLOOR_SECONDS) < MAX_RATIO
