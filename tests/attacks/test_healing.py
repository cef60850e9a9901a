"""Every file of a library is damaged in turn: no answer differs from the truth, nothing falls, all is named or mended.

CATENA_ATTACKS says how many times (some twenty seconds each; nothing is tried without it), and a tenth of it how often
a repair is killed on its way.
"""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from catena.bookqa.batch_processes import Batches
from catena.client import Catena
from catena.errors import CatenaError
from catena.healing import examine
from catena.health import Health
from catena.jobs.job_queue import open_jobs
from catena.kv.client.served_ids import IDS, ServedIds
from catena.options import AskOptions
from catena.question_runs import Run
from catena.render.answer_json import to_json
from catena.retrieval.faiss_index import VectorFile
from catena.retrieval.vector_jobs import fill
from catena.settings import Settings, load_settings
from catena.types import Answer
from tests.attacks.test_stored_sets import KEY, set_of_one_item
from tests.bookqa.test_items import ITEM
from tests.ingest.charts import bars, captioned
from tests.ingest.printing import save_pdf

NUM_ATTACKS = int(os.environ.get("CATENA_ATTACKS", "0"))
pytestmark = pytest.mark.skipif(not NUM_ATTACKS, reason="CATENA_ATTACKS says how many")
SEED = int(os.environ.get("CATENA_ATTACK_SEED", "1"))
QUESTIONS = (
    "How many hours does the harbour lantern number 12 burn?",
    "What does the glacier number 7 feed?",
    "How many visitors did the museum of clocks count in 1907?",
    "What did the observers of the valley write down every morning?",
)
REPAIR = "from catena.app.start import main; main()"
KINDS = ("flip", "flip", "flip", "page", "cut", "empty", "delete", "swap")


def settings_of(home: Path) -> Settings:
    return load_settings(home=home, background=False, model="", ocr=False, parser_processes=1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with all that one can hold: documents, figures, vectors, their file, answers, runs, a conversation."""
    folder = tmp_path_factory.mktemp("whole")
    texts = {
        "lantern.txt": "\n\n".join(
            f"The harbour lantern number {n} burns for {n + 40} hours and hangs above the door."
            for n in range(90)
        ),
        "glacier.md": "# Glaciers\n\n"
        + "\n\n".join(f"## Part {n}\n\nThe glacier number {n} feeds the mill {n + 7}." for n in range(40)),
        "museum.html": "<html><title>Museum</title><body>"
        + "".join(f"<p>In {n} the museum of clocks counted {n * 3} visitors.</p>" for n in range(1890, 1930)),
    }
    home = folder / "home"
    with Catena(settings=settings_of(home)) as catena:
        for name, text in texts.items():
            (folder / name).write_text(text)
        save_pdf(folder / "rain.pdf", partial(captioned, draw=bars))
        for name in (*texts, "rain.pdf"):
            document = catena.add(folder / name)
            fill(catena.library, catena.embedder, document.id)
        VectorFile(catena.library, max_unsaved=0).refresh()
        kept = [catena.ask(question, options=AskOptions(thread_id="talk")) for question in QUESTIONS]
        ids = tuple(document.id for document in catena.documents())
        catena.runs.keep(Run("a1b2c3", QUESTIONS[0], ids, AskOptions(), time.time()))
        assert all(answer.citations for answer in kept)
    open_jobs(home).enqueue("fill", {"documents": list(ids)})
    ServedIds(home / IDS).put(KEY, "kept-there")
    set_of_one_item(home)
    return home


def items_of(home: Path) -> None:
    """Read the set: what it holds is the truth, or nothing."""
    batches = Batches(settings_of(home))
    assert [one for batch in batches.all() for one in batches.items(batch.name)] in ([ITEM], [])


def said(answer: Answer) -> dict[str, Any]:
    """What an answer claims: text, quotes, pages and boxes."""
    form = to_json(answer)
    return {
        "text": answer.text,
        "status": answer.status,
        "citations": [
            {name: one[name] for name in ("document_id", "quote", "status", "parts")}
            for one in form["citations"]
        ],
    }


def figures_of(catena: Catena) -> dict[str, Any] | str:
    """What the library tells of its figures, or the error that names what is wrong."""
    try:
        found = [one for document in catena.documents() for one in catena.library.figures(document.id)]
    except CatenaError as error:
        return error.message
    return {"figures": [str(one) for one in found]} if found else "lost: no document has a figure"


def ask_all(home: Path) -> list[dict[str, Any] | str]:
    """What is answered to each question and the figures, or the error that names what is wrong; nothing else."""
    found: list[dict[str, Any] | str] = []
    try:
        with Catena(settings=settings_of(home)) as catena:
            for look in (
                catena.documents,
                catena.history,
                lambda: catena.runs.all(),
                catena.questions.unfinished,
                lambda: open_jobs(home).list(),
                lambda: items_of(home),
                lambda: ServedIds(home / IDS).get(KEY),
            ):
                try:
                    look()
                except CatenaError as error:
                    assert error.message
            for question in QUESTIONS:
                try:
                    answer = catena.ask(question)
                except CatenaError as error:
                    found.append(error.message)
                else:
                    left_out = [one for one in answer.warnings if "damaged" in one or "lost" in one]
                    found.append(left_out[0] if left_out else json.loads(json.dumps(said(answer))))
            for document in catena.documents():
                try:
                    list(catena.library.pages(document.id))
                    catena.page_image(document, 1)
                except CatenaError as error:
                    assert error.message
            found.append(figures_of(catena))
    except CatenaError as error:
        found += [error.message] * (len(QUESTIONS) + 1 - len(found))
    return found


def doctor(home: Path, *, repair: bool) -> Health:
    return examine(settings_of(home), lambda settings: Catena(settings=settings), repair=repair)


def files(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file())


def strike(home: Path, kind: str, drawn: random.Random) -> str:
    """Damage a file, the database as often as all others together; says what was done."""
    there = files(home)
    database = [path for path in there if path.name == "library.db"]
    path = drawn.choice(database if drawn.random() < 0.5 else there)
    data = bytearray(path.read_bytes())
    if kind == "delete":
        path.unlink()
    elif kind == "swap":
        other = drawn.choice([one for one in there if one != path])
        path.rename(home / "swapping")
        other.rename(path)
        (home / "swapping").rename(other)
        return f"swap {path.relative_to(home)} {other.relative_to(home)}"
    elif kind == "empty" or not data:
        path.write_bytes(b"")
    elif kind == "cut":
        path.write_bytes(data[: drawn.randrange(len(data))])
    elif kind == "page":  # two blocks of a disk change places
        blocks = [data[at : at + 4096] for at in range(0, len(data), 4096)]
        one, two = drawn.randrange(len(blocks)), drawn.randrange(len(blocks))
        blocks[one], blocks[two] = blocks[two], blocks[one]
        path.write_bytes(b"".join(blocks))
    else:
        at = drawn.randrange(len(data))
        data[at] ^= 1 << drawn.randrange(8)
        path.write_bytes(data)
    return f"{kind} {path.relative_to(home)}"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_no_answer_differs_from_the_truth(whole: Path, tmp_path: Path) -> None:
    truth = ask_all(whole)
    assert all(isinstance(one, dict) for one in truth)
    drawn, wrong, counts = random.Random(SEED), [], Counter[str]()
    for number in range(NUM_ATTACKS):
        home = tmp_path / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(whole, home)
        what = f"{number}: {strike(home, KINDS[number % len(KINDS)], drawn)}"
        try:
            if (
                number // len(KINDS) % 2
            ):  # who asks first mends much of it: the doctor has to see it as it is, too
                doctor(home, repair=False)
            wrong += [f"{what}: {one}" for one in lies(ask_all(home), truth, counts)]
            doctor(home, repair=False)
            left = doctor(home, repair=True)
            unmended = [one for one in left.problems if one.can_repair or not one.remedy]
            wrong += [f"{what}: not mended: {one.message}" for one in unmended]
            wrong += [f"{what}: after the repair: {one}" for one in lies(ask_all(home), truth, counts, left)]
        except Exception as error:  # whatever is no error of ours is a finding
            wrong.append(f"{what}: {type(error).__name__}: {error}")
        print(what, wrong[-1:], flush=True)
    print(f"{NUM_ATTACKS} attacks: {dict(counts)}")
    assert not wrong, "\n".join(wrong)


def lies(
    found: list[dict[str, Any] | str], truth: list[Any], counts: Counter[str], health: Health | None = None
) -> list[str]:
    """What differs from the truth and is not named; after a repair also what is named by nobody."""
    wrong = []
    for one, other in zip(found, truth, strict=True):
        if one == other:
            counts["as the truth"] += 1
        elif isinstance(one, str):
            counts["named"] += 1
            if health is not None and not health.problems:
                wrong.append(f"{one} (and the doctor says that all is well)")
        else:
            wrong.append(f"{json.dumps(one)[:300]}")
    return wrong


def test_a_repair_that_is_killed_can_be_begun_again(whole: Path, tmp_path: Path) -> None:
    truth = ask_all(whole)
    drawn, wrong = random.Random(SEED), []
    num_killed = 0
    for number in range(max(2, NUM_ATTACKS // 10)):
        home = tmp_path / f"home{number}"
        shutil.copytree(whole, home)
        data = bytearray((home / "library.db").read_bytes())
        data[100 : 100 + 64] = b"\xff" * 64  # the root of the schema: nothing opens
        (home / "library.db").write_bytes(data)
        child = subprocess.Popen(
            [sys.executable, "-c", REPAIR, "doctor", "--repair", "--home", str(home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "CATENA_BACKGROUND": "false"},
            start_new_session=True,
        )
        moved = time.monotonic() + 60
        while not (home / "lost+found").exists() and child.poll() is None and time.monotonic() < moved:
            time.sleep(0.005)
        time.sleep(drawn.uniform(0, 1.5))
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            num_killed += 1
        child.wait()
        originals = {path.name for path in (home / "originals").glob("??/*")}
        health = doctor(home, repair=True)
        if health.problems or len(originals) < 4:
            wrong.append(f"{number}: {len(originals)} originals, {health.problems}")
        texts = [one.get("text", one) if isinstance(one, dict) else one for one in ask_all(home)]
        if texts != [one.get("text", one) for one in truth]:  # type: ignore[union-attr]
            wrong.append(f"{number}: {texts}")
        shutil.rmtree(home)
        print(f"{number}: {num_killed} repairs killed", wrong[-1:], flush=True)
    assert num_killed, "no repair was killed on its way"
    assert not wrong, "\n".join(wrong)
