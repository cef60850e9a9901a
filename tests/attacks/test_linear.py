"""Text that wants to take time: twice as much of it takes no more than about twice as long, outside the parser too."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catena import Catena
from catena.agents.generative.chain import read_choice
from catena.agents.generative.demonstrations import read_pair
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.query_expansion import read_queries
from catena.agents.generative.question_rewriting import read_question as read_follow_up
from catena.agents.generative.reply_parser import read_line, read_reply
from catena.agents.generative.reply_sections import answer_so_far
from catena.agents.generative.support_judge import read_verdict
from catena.agents.generative.worker_notes import read_note
from catena.bookqa.item_writer import read_question
from catena.bookqa.model_judge import read_verdict as read_comparison
from catena.llm.spoken_text import MAX_TEXT, SpokenText, spoken
from tests.attacks.nasty import REPLIES

UNITS = ["wordwithoutend", ".", "(a) ", "by A "]
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
FEW_REPLIES = ("</think>", "[1 ", " ", "\t", "\n", "(1) ", "A: \n", "~", "<answer>")
NUMBERS = range(1, 9)
READERS: dict[str, Callable[[str], object]] = {
    "spoken": spoken,
    "read_reply": lambda text: read_reply(text, NUMBERS, "The tide [1]."),
    "read_line": lambda text: read_line(text, NUMBERS),
    "read_note": lambda text: read_note(text, NUMBERS),
    "answer_so_far": answer_so_far,
    "read_queries": lambda text: read_queries(text, "What?"),
    "read_follow_up": read_follow_up,
    "read_verdict": read_verdict,
    "read_comparison": read_comparison,
    "read_choice": lambda text: read_choice(text, 3),
    "read_pair": lambda text: read_pair(text, "The tide is high."),
    "read_question": lambda text: read_question(text, 8),
    "neutral": neutral,
}
"""All that reads a reply of a model."""
SHORT_REPLY = 8_000
REPLY_FLOOR = 0.2
"""Of processor time, as `FLOOR_SECONDS`."""
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


def reply_of(unit: str, num_characters: int, head: str) -> str:
    return f"{head}{(unit * (num_characters // len(unit) + 1))[:num_characters]}x [1]"


def seconds_to_read(read: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began


@pytest.mark.parametrize("name", READERS)
def test_a_reply_twice_as_long_takes_twice_the_time(name: str) -> None:
    read, slow = READERS[name], []
    for unit in REPLIES if os.environ.get("CATENA_ATTACKS") else FEW_REPLIES:
        for head in ("", "Evidence: [1]\nAnswer: x"):
            sizes = (SHORT_REPLY, 2 * SHORT_REPLY)
            short, long = (seconds_to_read(read, reply_of(unit, size, head)) for size in sizes)
            slow += [(unit, head, short, long)] if long / max(short, REPLY_FLOOR) > MAX_RATIO else []
    assert not slow


@pytest.mark.parametrize(
    "inside", ["1" + " " * 70 + "x y z", "1" + ", " * 30 + "x y z", "1" + " and" * 18 + " !"]
)
def test_what_is_nearly_a_mark_is_read_one_way(inside: str) -> None:
    assert seconds_to_read(READERS["read_line"], f"The tide is high [{inside}].") < 2


@pytest.mark.parametrize("text", ["<answer>" * 5000 + "a", "<thi" * 5000 + "<think>a</think>" + "nk>" * 5000])
def test_nesting_without_end_is_an_answer_or_none(text: str) -> None:
    for read in READERS.values():
        read(text)


def test_an_endless_reply_is_read_up_to_its_limit() -> None:
    assert len(spoken("word " * MAX_TEXT).text) <= MAX_TEXT
    told: list[str] = []
    stream = SpokenText(told.append, is_plain=True)
    for _ in range(60):
        stream.feed("word " * (MAX_TEXT // 50))
    assert len(stream.end().text) <= MAX_TEXT
