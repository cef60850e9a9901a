"""Questions that readers ask of novels: is the answer told at once? BM25 and MiniLM sentences in the same run.

catena eval stories --questions FILE.jsonl --data FOLDER [--home FOLDER] [--replies FILE]

A line of FILE: {"file": "NAME", "question": "...", "answers": ["..."]}; the novel is FOLDER/NAME.txt. Told at once:
an accepted answer stands in the short answer or the first sentence, word for word; in the quotes: in any of them. Words
are no judge of sense, so that --replies FILE keeps what was said, to be read.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

from catena.benchmarks.fairytales import SentencePeer, holds
from catena.benchmarks.intervals import interval
from catena.client import Catena
from catena.settings import load_settings

Way = Literal["Catena", "BM25 + MiniLM sentences"]


@dataclass(frozen=True, slots=True)
class NovelQuestion:
    file: str
    text: str
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Reply: in short, then the quotes, best first; none is a refusal."""

    way: Way
    question: NovelQuestion
    short: str
    quotes: tuple[str, ...]
    seconds: float

    @property
    def is_at_once(self) -> bool:
        """Tell whether an accepted answer is in the short answer or in the first quote."""
        return holds(" ".join((self.short, *self.quotes[:1])), self.question.accepted)

    @property
    def is_quoted(self) -> bool:
        return holds(" ".join((self.short, *self.quotes)), self.question.accepted)


Reader = Callable[[NovelQuestion], tuple[str, Sequence[str]]]


def read_novel_questions(path: Path) -> list[NovelQuestion]:
    """Read the questions, a JSON object a line."""
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [NovelQuestion(row["file"], row["question"], tuple(row["answers"])) for row in rows]


def measure_stories(catena: Catena, data: Path, asked: Sequence[NovelQuestion]) -> Iterator[Told]:
    """Ask every question of its novel, which has been added before."""
    for file in dict.fromkeys(one.file for one in asked):
        document = catena.add(data / f"{file}.txt")
        text = "\n\n".join(page.text for page in catena.library.pages(document.id))
        peer = SentencePeer(text, catena.embedder)

        def ask(question: NovelQuestion, novel: str = document.id) -> tuple[str, Sequence[str]]:
            answer = catena.ask(question.text, documents=[novel])
            quotes = [answer.citations[number].quote for one in answer.statements for number in one.citations]
            return answer.short, list(dict.fromkeys(quotes))

        def peer_ask(question: NovelQuestion, peer: SentencePeer = peer) -> tuple[str, Sequence[str]]:
            return "", peer.best_first(question.text)

        ways: tuple[tuple[Way, Reader], ...] = (("Catena", ask), ("BM25 + MiniLM sentences", peer_ask))
        for way, reader in ways:
            for question in (one for one in asked if one.file == file):
                yield _timed(way, reader, question)


def _timed(way: Way, reader: Reader, question: NovelQuestion) -> Told:
    began = perf_counter()
    short, quotes = reader(question)
    return Told(way, question, short, tuple(quotes), perf_counter() - began)


def to_markdown(told: Iterable[Told]) -> str:
    """One row a way, with 95% intervals over whole novels."""
    rows = ["| | questions | told at once | in the quotes | refused | median s |", "| --- " * 6 + "|"]
    replies = list(told)
    for way in dict.fromkeys(one.way for one in replies):
        own = [one for one in replies if one.way == way]
        files = [one.question.file for one in own]
        at_once = _share([one.is_at_once for one in own], files)
        quoted = _share([one.is_quoted for one in own], files)
        refused = sum(not one.quotes for one in own)
        seconds = sorted(one.seconds for one in own)[len(own) // 2]
        rows.append(f"| {way} | {len(own)} | {at_once} | {quoted} | {refused} | {seconds:.2f} |")
    return "\n".join(rows)


def _share(values: Sequence[bool], files: Sequence[str]) -> str:
    low, high = interval([float(one) for one in values], files)
    return f"{sum(values) / len(values):.3f} ({low:.2f} to {high:.2f})"


def reply_line(one: Told) -> str:
    """A reply as a line of JSON, to be judged by hand."""
    return json.dumps(
        {
            "way": one.way,
            "file": one.question.file,
            "question": one.question.text,
            "answers": list(one.question.accepted),
            "at_once": one.is_at_once,
            "quoted": one.is_quoted,
            "short": one.short,
            "quotes": list(one.quotes),
            "seconds": round(one.seconds, 2),
        },
        ensure_ascii=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the novels, as text files")
    parser.add_argument("--home", type=Path, help="keep the documents here")
    parser.add_argument("--replies", type=Path, help="write every reply here, a JSON object a line")
    options = parser.parse_args()
    asked = read_novel_questions(options.questions)
    with tempfile.TemporaryDirectory() as temporary:
        settings = load_settings(home=options.home or temporary, background=False)
        with Catena(settings=settings) as catena:
            told = list(measure_stories(catena, options.data, asked))
    print(to_markdown(told))
    if options.replies:
        options.replies.write_text("".join(f"{reply_line(one)}\n" for one in told), "utf-8")


if __name__ == "__main__":
    main()
