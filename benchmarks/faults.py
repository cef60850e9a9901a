"""`catena eval faults`: fail each write, fsync and rename of one add in turn, and look.

Whatever fails, and with whatever error, the library is afterwards exactly as before the add or as after it: the
doctor finds nothing, the new document is there with all its parts or without a trace, the others answer as they did.
SQLite's own operations are among those that fail (benchmarks/disk.c).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catena.add_document import Adder
from catena.benchmarks import disk, synthetic
from catena.benchmarks.ablated_retrievers import LexicalRetriever
from catena.benchmarks.disk import Fault
from catena.errors import LibraryError
from catena.ingest.pagination.blocks import Attachment
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.library.library import Library
from catena.library.originals import sha256
from catena.retrieval.faiss_index import VectorFile
from catena.settings import load_settings
from catena.types import Figure, Page

MODES = (("ENOSPC", True), ("ENOSPC", False), ("EIO", False))
DONE, FAILED = "done", "failed"
TOPICS = {
    "lantern": "The harbour lantern burns for forty hours on one charge and hangs above the door.",
    "glacier": "The glacier melts in summer and feeds the mill below the village for three months.",
    "whale": "The whale was seen twice from the lighthouse, and the keeper wrote it into his book.",
}
NEW = "whale"

State = dict[str, Any]


class Replay:
    """A parser that has read its one file before, and gives the same pages again with no other process involved."""

    num_processes = 1
    max_bytes = 1 << 30

    def __init__(self, file: Path, folder: Path) -> None:
        with ParserPool(load_settings(home=folder)) as pool:
            self.document, self._pages = pool.parse(file, document_id=sha256(file))
        self.title = self.document.title
        self.figures: list[Figure] = []  # its file is text
        self.attached: list[Attachment] = []
        self.metadata: dict[str, list[str]] = {}

    @contextmanager
    def parsing(self, path: Path, **_: object) -> Iterator[Replay]:
        yield self

    def pages(self) -> Iterator[Page]:
        return iter(self._pages)


@dataclass(frozen=True, slots=True)
class Trial:
    """Outcome of one fault: whether the add said that it was done, whether the document is there, what is wrong."""

    fault: Fault
    reported: str
    is_there: bool
    wrong: tuple[str, ...]


class Bench:
    """A library of two documents, and a third that is added to copies of it under faults."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._base = folder / "base"
        files = {topic: folder / f"{topic}.txt" for topic in TOPICS}
        for topic, file in files.items():
            file.write_text("\n\n".join(f"{topic} {n}. {TOPICS[topic]}" for n in range(40)))
        self._new = files.pop(NEW)
        self._document_id = sha256(self._new)
        with Library(self._base) as library:
            for file in files.values():
                document = Adder(library, Replay(file, folder)).add(file).document  # type: ignore[arg-type]
                number = library.passage_range(document.id)[1]
                library.vectors.put(document.id, range(number), synthetic.vectors(1, number))
            VectorFile(library, max_unsaved=0).refresh()
            self._others = [document.id for document in library.documents()]
            self._before = self._state(library)
        self._parser = Replay(self._new, folder)
        self.num_operations, self._after = self._undisturbed()

    def try_fault(self, fault: Fault) -> Trial:
        """Add under a fault in a child, then open the library again and compare."""
        home = self.copy()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.write(writer, self._add(home, fault)[0].encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            reported = pipe.read()
        os.waitpid(child, 0)
        return Trial(fault, reported, *self.judge(home, reported))

    def _undisturbed(self) -> tuple[int, State]:
        home = self.copy()
        reported, number = self._add(home, Fault())
        disk.arm(Path("/nowhere"), Fault())
        assert reported == DONE, reported
        with Library(home) as library:
            return number, self._state(library)

    def _add(self, home: Path, fault: Fault) -> tuple[str, int]:
        """Add under a fault; return what the add reports, and operations; the library is closed under it, too."""
        disk.arm(home, fault)
        try:
            with Library(home) as library:
                Adder(library, self._parser).add(self._new)  # type: ignore[arg-type]
        except LibraryError:
            return FAILED, disk.passed()
        except BaseException as error:  # the border of the child: whatever else comes out is a finding
            return f"{type(error).__name__}: {error}", disk.passed()
        return DONE, disk.passed()

    def judge(self, home: Path, reported: str) -> tuple[bool, tuple[str, ...]]:
        """Tell whether the document is there now, and what is wrong."""
        wrong = [] if reported in (DONE, FAILED) else [f"the add ended with {reported}"]
        with Library(home) as library:
            is_there = library.get(self._document_id) is not None
            if reported == DONE and not is_there:
                wrong.append("the document is lost")
            damage = [f"doctor: {problem.message}" for problem in library.check()]
            if not damage:
                expected, found = self._after if is_there else self._before, self._state(library)
                wrong += [f"other {name}" for name in expected if found[name] != expected[name]]
            wrong += damage
        return is_there, tuple(wrong)

    def _state(self, library: Library) -> State:
        """Everything that a reader of the library can see, but for the time at which it was added."""
        documents = library.documents()
        ids = [document.id for document in documents]
        retriever = LexicalRetriever(library)
        nearest = VectorFile(library)
        return {
            "documents": [(one.id, one.title, one.status, one.num_pages) for one in documents],
            "pages": [list(library.pages(one)) for one in ids],
            "passages": [library.passages(one) for one in ids],
            "indexes": [library.lexical_index(one) for one in ids],
            "originals": [library.original(one).read_bytes() for one in ids],
            "hits": [
                retriever.retrieve(f"What of the {topic}?", [one], 9) for topic in TOPICS for one in ids
            ],
            "words": [[one for one, _ in library.search([topic])] for topic in TOPICS],
            "neighbours": nearest.nearest(synthetic.vectors(1, 1)[0], 9),
        }

    def copy(self) -> Path:
        """A library as it was before the add."""
        home = self._folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self._base, home)
        return home


def faults(num_operations: int, every: int) -> Iterator[Fault]:
    """Each operation in each mode, or every so manyth, and one more than there are."""
    for name, goes_on in MODES:
        for nth in range(1, num_operations + 2, every):
            yield Fault(nth, name, goes_on)


def sweep(every: int) -> int:
    """Try the faults and print what came of them; returns how many things were wrong."""
    begin, num_wrong = time.perf_counter(), 0
    outcomes: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve())
        for fault in faults(bench.num_operations, every):
            trial = bench.try_fault(fault)
            num_wrong += len(trial.wrong)
            for one in trial.wrong:
                print(f"{fault}: {one}", flush=True)
            mode = f"{fault.error}{', from then on' if fault.goes_on else ', once'}"
            state = "after" if trial.is_there else "before"
            outcomes.setdefault(mode, Counter())[f"{trial.reported}, as {state} it"] += 1
    for mode, counts in outcomes.items():
        print(f"{mode:24} " + "; ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    tried = sum(counts.total() for counts in outcomes.values())
    seconds = time.perf_counter() - begin
    print(f"{tried} faults at {bench.num_operations} operations in {seconds:.0f} s, {num_wrong} wrong")
    return num_wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try each operation (1), or every so manyth")
    options = parser.parse_args(arguments)
    if not disk.is_preloaded():
        with tempfile.TemporaryDirectory() as folder:
            again = ["--every", str(options.every)]
            return disk.run_preloaded("catena.benchmarks.faults", again, Path(folder))
    return 1 if sweep(options.every) else 0


if __name__ == "__main__":
    sys.exit(main())
