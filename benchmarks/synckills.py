"""`catena eval synckills`: kill a process at any moment while it syncs a folder whose files change, and look.

After each kill every file of the folder has one document that stands, that of its last bytes or of those before, and
nothing older answers; what vanished is retired or still stands; the doctor finds nothing. A sync that is left alone
then brings the library in step exactly.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from catena.client import Catena
from catena.settings import Settings, load_settings
from catena.types import Document

NUM_FILES = 6
CHANGED_A_ROUND = 3
KILLS_PER_LIBRARY = 20
Texts = dict[str, str]
"""The text of each file by its name."""
Ids = dict[str, str]
"""The document that stands at each file, by its name."""


def text_of(name: str, version: int) -> str:
    """A document whose every version has a word of its own."""
    return f"The tower {name} is {100 + version} metres high. Its mark is mark{name}v{version}x.\n"


def changed(texts: Texts, drawn: random.Random, version: int) -> Texts:
    """Edit some files, delete one now and then, and make one that is missing again."""
    texts = dict(texts)
    names = [f"{number:02}" for number in range(NUM_FILES)]
    for name in drawn.sample(names, CHANGED_A_ROUND):
        texts[name] = text_of(name, version)
    if drawn.random() < 0.5:
        texts.pop(drawn.choice(names), None)
    return texts


def write(folder: Path, texts: Texts) -> None:
    """Make the files of a folder be these; each is there whole or not at all."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.stem not in texts:
            path.unlink()
    for name, text in texts.items():
        part = folder / f".{name}"
        part.write_text(text)
        part.rename(folder / f"{name}.txt")


def sync(settings: Settings, folder: Path) -> None:
    """The victim."""
    with Catena(settings=settings) as catena:
        for _ in catena.sync(folder):
            pass


def verify(settings: Settings, before: Ids, now: Texts, *, is_whole: bool) -> tuple[list[str], Ids]:
    """Return the faults after a kill, or, with `is_whole`, after a sync that came to its end; and what stands now."""
    with Catena(settings=settings) as catena:
        wrong = [f"doctor: {problem.message}" for problem in catena.library.check()]
        every = {one.id: one for one in catena.documents(versions=True)}
        standing = [one for one in catena.library.places() if one.successor is None]
        wrong += _answers(catena, {one.document_id for one in standing})
    found = Counter(Path(one.path).stem for one in standing)
    wrong += [f"{name} stands {number} times" for name, number in found.items() if number > 1]
    at = {Path(one.path).stem: one.document_id for one in standing}
    for name in {*at, *before, *now}:
        allowed = {_id(now.get(name))} | (set() if is_whole else {before.get(name, "")})
        if at.get(name, "") not in allowed:
            wrong.append(f"{name} has {_said(every.get(at.get(name, '')))}")
    return wrong, at


def _answers(catena: Catena, standing: set[str]) -> list[str]:
    """Faults of what a search of the whole library finds."""
    ids = (
        {hit.ref.document_id for hit in catena.search("How high is the tower?", k=100)} if standing else set()
    )
    listed = {one.id for one in catena.documents()}
    return [f"{one[:8]} answers and does not stand" for one in ids | listed if one not in standing]


def _id(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def _said(document: Document | None) -> str:
    return "no document" if document is None else f"the document {document.id[:8]}"


def killed_sync(settings: Settings, folder: Path, delay: float) -> bool:
    """Sync in a child, and kill it after a while; returns whether it was killed on the way."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        try:
            sync(settings, folder)
            os._exit(0)
        except BaseException as error:
            print(f"sync failed: {type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a sync that was not killed failed")
    return os.WIFSIGNALED(status)


def run(num_kills: int, seed: int) -> tuple[int, list[str]]:
    """Kill until there were enough kills; returns how many there were, and all that was wrong."""
    drawn = random.Random(seed)
    num_killed, wrong = 0, list[str]()
    while num_killed < num_kills:
        with tempfile.TemporaryDirectory() as place:
            killed, found = run_library(Path(place), min(KILLS_PER_LIBRARY, num_kills - num_killed), drawn)
            num_killed += killed
            wrong += found
    return num_killed, wrong


def run_library(place: Path, num_rounds: int, drawn: random.Random) -> tuple[int, list[str]]:
    """Kill syncs of one library, some of them one after the other, and let the last come to its end."""
    settings = load_settings(home=place / "home", background=False, parser_processes=1)
    folder, texts, stands = place / "folder", Texts(), Ids()
    num_killed, seconds, wrong = 0, 3.0, list[str]()
    for number in range(1, num_rounds + 1):
        texts = changed(texts, drawn, number)
        write(folder, texts)
        is_killed = killed_sync(settings, folder, drawn.uniform(0, seconds))
        num_killed += is_killed
        found, stands = verify(settings, stands, texts, is_whole=not is_killed)
        if number == num_rounds or drawn.random() < 0.3:
            began = time.perf_counter()
            sync(settings, folder)
            seconds = time.perf_counter() - began
            more, stands = verify(settings, stands, texts, is_whole=True)
            found += more
        wrong += [f"round {number}: {one}" for one in found]
    return num_killed, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    num_killed, wrong = run(options.kills, options.seed)
    print(f"{num_killed} kills in {time.perf_counter() - began:.0f} s, {len(wrong)} wrong")
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
