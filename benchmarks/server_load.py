"""Many ask and add at once, over HTTP: how long it takes, whether anything is lost or told to somebody else.

Each document is about one lighthouse and tells one number, so that an answer that belongs to another question shows.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx

from catena.benchmarks.timing import Row
from catena.listening_socket import listen

KEY = "the-key-of-the-benchmark"
NUM_DOCUMENTS = 40
READY_SECONDS, REPLY_SECONDS = 120.0, 900.0
START = "from catena.app.start import main; main()"
SAID = re.compile(r"\d+ steps")


@dataclass(slots=True)
class Tally:
    """Seconds of each reply, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    num_wrong: int = 0
    """Replies without the number that was asked for; with another's they are crossed."""
    num_crossed: int = 0
    num_parked: int = 0

    def take(self, text: str, number: int) -> None:
        """Look at what was answered about a lighthouse."""
        told = SAID.findall(text)
        self.num_wrong += steps(number) not in told
        self.num_crossed += any(one != steps(number) for one in told)


def steps(number: int) -> str:
    """Tell what only the document of this number says."""
    return f"{137 + 7 * number} steps"


def rows(num_askers: int, num_uploads: int, num_questions: int) -> list[Row]:
    """Ask and add at once, then stop the server while all ask."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with _serving(home) as (client, process):
            _upload_all(client, range(NUM_DOCUMENTS), 4)
            asked, added = _together(client, num_askers, num_uploads, num_questions)
            later = Tally()
            for number in range(NUM_DOCUMENTS, NUM_DOCUMENTS + num_uploads):
                _ask(client, later, number, 0)
            stopped = _stopped(client, process, num_askers)
    p50, p95 = _cuts(asked.seconds)
    add50, add95 = _cuts(added.seconds)
    return [
        Row(f"{num_askers} askers, {num_questions} questions each", "", f"{len(asked.seconds)} replies"),
        Row("seconds of a reply, median and 95%", "", f"{p50:.2f}, {p95:.2f}"),
        Row(f"{num_uploads} uploads meanwhile, until they can be asked", "", f"{add50:.2f}, {add95:.2f}"),
        Row(
            "errors",
            "0",
            f"{len(asked.errors) + len(added.errors)} {(asked.errors + added.errors)[:1] or ''}",
        ),
        Row(
            "answers without what was asked; with another's",
            "0; 0",
            f"{asked.num_wrong}; {asked.num_crossed}",
        ),
        Row("uploads that cannot be asked afterwards", "0", f"{later.num_wrong + len(later.errors)}"),
        Row(
            f"TERM while {num_askers} ask: answered, parked to be resumed, refused, left without a word",
            "; ; ; 0",
            f"{len(stopped.seconds)}; {stopped.num_parked}; {stopped.num_wrong}; {len(stopped.errors)} "
            f"{stopped.errors[:1] or ''}",
        ),
    ]


@contextmanager
def _serving(home: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    keys = home.parent / "keys"
    keys.write_text(KEY)
    command = [sys.executable, "-c", START, "serve", "--port", str(port), "--home", str(home)]
    process = subprocess.Popen([*command, "--api-key-file", str(keys)], env=os.environ)
    limits = httpx.Limits(max_connections=None)
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=REPLY_SECONDS, limits=limits) as client:
            _wait_until_ready(client)
            yield client, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_until_ready(client: httpx.Client) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            if client.get("/v1/ready").status_code == 200:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.1)
    raise TimeoutError("The server is not ready.")


def _together(
    client: httpx.Client, num_askers: int, num_uploads: int, num_questions: int
) -> tuple[Tally, Tally]:
    asked, added = Tally(), Tally()
    with ThreadPoolExecutor(num_askers + num_uploads) as pool:
        work = [pool.submit(_ask_some, client, asked, one, num_questions) for one in range(num_askers)]
        ids = range(NUM_DOCUMENTS, NUM_DOCUMENTS + num_uploads)
        work += [pool.submit(_upload, client, added, one) for one in ids]
        for one in work:
            one.result()
    return asked, added


def _ask_some(client: httpx.Client, tally: Tally, asker: int, num_questions: int) -> None:
    for turn in range(num_questions):
        _ask(client, tally, (asker * 7 + turn) % NUM_DOCUMENTS, asker + turn)


def _ask(client: httpx.Client, tally: Tally, number: int, way: int) -> None:
    """Ask by one of three ways: REST, events, OpenAI's protocol."""
    question = f"How many steps does the lighthouse {_name(number)} have?"
    begin = time.perf_counter()
    try:
        if way % 3 == 2:
            messages = [{"role": "user", "content": question}]
            body = {"model": "catena/library", "messages": messages}
            reply = client.post("/openai/v1/chat/completions", json=body).raise_for_status()
            text = reply.json()["choices"][0]["message"]["content"]
        else:
            path = "/v1/ask/events" if way % 3 else "/v1/ask"
            reply = client.post(path, json={"question": question}).raise_for_status()
            text = reply.json()["text"] if path == "/v1/ask" else _last_answer(reply.text)
    except (httpx.HTTPError, KeyError) as error:
        tally.errors.append(repr(error))
        return
    tally.seconds.append(time.perf_counter() - begin)
    tally.take(text, number)


def _last_answer(events: str) -> str:
    data = json.loads(events.rstrip().rpartition("data: ")[2])
    text: str = data["data"]["text"]
    return text


def _upload_all(client: httpx.Client, numbers: range, at_once: int) -> None:
    tally = Tally()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(partial(_upload, client, tally), numbers))
    if tally.errors:
        raise RuntimeError(tally.errors[0])


def _upload(client: httpx.Client, tally: Tally, number: int) -> None:
    file = (f"{_name(number)}.txt", _text(number).encode())
    begin = time.perf_counter()
    try:
        client.post("/v1/documents", params={"wait": 300}, files={"file": file}).raise_for_status()
    except httpx.HTTPError as error:
        tally.errors.append(repr(error))
    else:
        tally.seconds.append(time.perf_counter() - begin)


def _stopped(client: httpx.Client, process: subprocess.Popen[bytes], num_askers: int) -> Tally:
    """Ask the server to stop while all ask: each has to be told something."""
    tally = Tally()

    def ask(number: int) -> None:
        question = {"question": f"How many steps does the lighthouse {_name(number)} have?"}
        try:
            reply = client.post("/v1/ask", json=question)
        except httpx.HTTPError as error:
            tally.errors.append(repr(error))
            return
        if reply.status_code == 200:
            tally.seconds.append(0.0)
        elif reply.json().get("run_id"):
            tally.num_parked += 1
        else:
            tally.num_wrong += 1

    with ThreadPoolExecutor(num_askers) as pool:
        asked = [pool.submit(ask, number % NUM_DOCUMENTS) for number in range(num_askers)]
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        for one in asked:
            one.result()
    return tally


def _cuts(seconds: list[float]) -> tuple[float, float]:
    found = quantiles(seconds, n=20, method="inclusive")
    return found[9], found[18]


def _name(number: int) -> str:
    """Make a name of syllables, another for each number."""
    parts = ("Bra", "Del", "Fen", "Gor", "Hal", "Kes", "Lum", "Mor")
    return parts[number % 8] + parts[number // 8 % 8].lower() + ("mouth", "ness")[number // 64 % 2]


def _text(number: int) -> str:
    rest = "\n\n".join(f"In the year {1800 + one} a keeper wrote of calm weather." for one in range(40))
    return (
        f"The lighthouse {_name(number)}\n\nThe lighthouse {_name(number)} has {steps(number)}.\n\n{rest}\n"
    )
