"""Speed of adding beside bare extraction, of the first answer of a cold process, of the next ones, and of `--help`.

Every measurement is of whole runs in processes of their own, so that none profits from another's imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from catena.benchmarks.timing import Row, spread
from catena.client import Catena
from catena.library.document_writer import count
from catena.library.schema import fillings, vectors
from catena.retrieval.vector_jobs import fill
from catena.settings import Settings, load_settings
from catena.types import Document

QUESTIONS = (
    "What is this document about?",
    "Who wrote it, and when?",
    "What changed since the year before?",
    "Which risks are named?",
    "What was spent, and on what?",
    "How is the largest part defined?",
)


def help_rows(runs: int) -> list[Row]:
    """`catena --help`, and what Python takes of it to do nothing."""
    commands = {
        "`catena --help`": ("≤ 0.5 s", ["-c", "from catena.app.cli import main; main()", "--help"]),
        "Python that does nothing": ("", ["-c", "pass"]),
    }
    return [
        Row(name, target, spread([_seconds(arguments) for _ in range(runs)]))
        for name, (target, arguments) in commands.items()
    ]


def add_rows(files: Sequence[Path], runs: int) -> list[Row]:
    """Pages a second of `add` (everything but vectors) with one parser process, and of bare extraction in one."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Catena(settings=_settings(folder, parser_processes=1)) as catena,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as bare,
    ):
        for file in files:
            ours, theirs = [], []
            for run in range(runs + 1):  # the first warms both processes up
                begin = time.perf_counter()
                document = catena.add(file)
                seconds = time.perf_counter() - begin
                catena.remove(document)
                least = bare.submit(read_bare, file).result()
                if run:
                    ours.append(document.num_pages / seconds)
                    theirs.append(document.num_pages / least)
            share = median(one / other for one, other in zip(ours, theirs, strict=True))
            speeds = f"{median(ours):.0f} and {median(theirs):.0f} pages/s"
            rows.append(
                Row(
                    f"{file.name}, {document.num_pages} pages",
                    "≥ 0.5",
                    f"{share:.2f} ({speeds}, {runs} runs)",
                )
            )
    return rows


def read_bare(file: Path) -> float:
    """Seconds of `get_text("words")` over all pages: the peer, which keeps nothing."""
    import pymupdf  # in the peer's process alone

    begin = time.perf_counter()
    with pymupdf.open(file) as opened:
        for page in opened:
            page.get_text("words")
    return time.perf_counter() - begin


def start_rows(file: Path, question: str, runs: int) -> list[Row]:
    """From no process and no library to a cited answer."""
    done: list[dict[str, float]] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "catena.benchmarks.coldstart", str(file), question]
            output = subprocess.run([*command, "--home", folder], check=True, capture_output=True).stdout
        found = json.loads(output)
        done.append(found["done"])
    citations = f"{found['pages']} pages, {found['citations']} citations"
    rows = [
        Row(
            f"first answer from {file.name} ({citations})",
            "≤ 20 s",
            spread([one["answered"] for one in done]),
        )
    ]
    before = dict.fromkeys(done[0], 0.0)
    steps = list(done[0])
    for earlier, step in zip(["", *steps], steps, strict=False):
        took = [one[step] - (one[earlier] if earlier else before[step]) for one in done]
        rows.append(Row(f"… of it until {step}", "", spread(took)))
    return rows


def question_rows(file: Path, questions: Sequence[str]) -> list[Row]:
    """Answers of a process that has answered before, with no vectors and with all of them."""
    with tempfile.TemporaryDirectory() as folder, Catena(settings=_settings(folder)) as catena:
        document = catena.add(file)
        catena.ask("What else is there?", documents=[document])
        cold = [_answer(catena, document, one, from_nothing=True) for one in questions]
        fill(catena.library, catena.embedder, document.id)
        warm = [_answer(catena, document, one, from_nothing=False) for one in questions]
    name = f"next question, {document.num_pages} pages"
    return [
        Row(f"{name}, 0% of vectors", "≤ 4 s", spread(cold)),
        Row(f"{name}, 100% of vectors", "≤ 1 s", spread(warm)),
    ]


def _answer(catena: Catena, document: Document, question: str, *, from_nothing: bool) -> float:
    if from_nothing:
        with catena.library.database.write() as connection:
            connection.execute(vectors.delete())
            connection.execute(fillings.delete())
            count(connection, "vectors")
    begin = time.perf_counter()
    catena.ask(question, documents=[document])
    return time.perf_counter() - begin


def _settings(folder: str, **more: object) -> Settings:
    return load_settings(home=Path(folder), background=False, **more)


def _seconds(arguments: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin
