"""`python -m catena.benchmarks.set_making plumbing|planted|speed|memory`: does the making of sets do what it says?

With a stub model that writes by rule (`catena.benchmarks.bookwriter`): a test of the plumbing. How good a real model's
questions are is not measured here.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from catena.benchmarks.bookplants import planted
from catena.benchmarks.novels import write_novel
from catena.benchmarks.timing import Row, table
from catena.bookqa import book_sets, rule_questions
from catena.bookqa.book import Book
from catena.bookqa.book_set_runs import GenerateOptions, LibraryBook, generate
from catena.bookqa.generator import ItemGenerator, Json, Order
from catena.bookqa.items import read_items
from catena.bookqa.result_store import Journal
from catena.client import Catena
from catena.llm import litellm_catalogue
from catena.retrieval.embedder import Vectors
from catena.settings import load_settings
from catena.testing import StubModel

MODEL = "openai/stub"
RULES = "catena.benchmarks.bookwriter:reply"
BARE_ROUNDS = 20
"""So many calls, one after the other, in each place of the bare loop."""
NOVELS = "english-novels-100/corpus"


def plumbing(data: Path, num_books: int, num: int) -> Iterator[Row]:
    """Real novels, and whether each quote stands in the file as it came, white space aside."""
    files = sorted((data / NOVELS).glob("*.txt"))[:num_books]
    with tempfile.TemporaryDirectory() as name, StubModel(rules=RULES) as stub:
        out = Path(name) / "set.jsonl"
        settings = load_settings(home=Path(name) / "home", model=MODEL, api_base=stub.url)
        began = time.perf_counter()
        with Catena(settings=settings) as catena:
            report = generate(catena, files, Order(num, model=MODEL), out)
        seconds = time.perf_counter() - began
        texts = {file.stem: " ".join(file.read_text("utf-8-sig").split()) for file in files}
        items = list(read_items(out))
    for line in report.lines():
        print(line)
    quotes = [(item.title.replace(" ", "_"), quote.quote) for item in items for quote in item.citations]
    found = sum(" ".join(quote.split()) in texts[title] for title, quote in quotes)
    asked = len(files) * num
    yield Row(
        f"items of {asked} asked for, {len(files)} novels", f"{asked}", f"{len(items)} in {seconds:.0f} s"
    )
    yield Row("quotes that stand literally in the files", "all", f"{found} of {len(quotes)}")
    yield Row("kinds as asked", "p > 0.05", f"{report.of_kinds.p:.2f}")
    yield Row("quotes over the tenths of the books as asked", "p > 0.05", f"{report.of_tenths.p:.2f}")
    usage = report.usage
    per = max(1, len(items))
    told = f"{usage.calls / per:.1f}, {usage.prompt_tokens / per:.0f}, {usage.completion_tokens / per:.0f}"
    yield Row("calls, tokens read and written for each item", "", told)
    yield Row("seconds of this machine for each item", "", f"{seconds / per:.2f}")


def plants(num: int) -> Iterator[Row]:
    """Measure the filters on planted items."""
    for name, (wanted, counts) in asyncio.run(planted(num)).items():
        right = counts[wanted] / counts.total()
        target = "100 % thrown away" if wanted else "≥ 95 % kept"
        yield Row(f"planted: {name} ({counts.total()})", target, f"{100 * right:.1f} % {dict(counts)}")


def speed(latency: float, concurrency: int, num_books: int, num: int) -> Iterator[Row]:
    """A whole job against a model that takes its time, and a bare loop that sends the same requests."""
    with tempfile.TemporaryDirectory() as name:
        files = _novels(Path(name), num_books, 200)
        with StubModel(rules=RULES, latency=latency) as stub:
            settings = load_settings(home=Path(name) / "home", model=MODEL, api_base=stub.url)
            with Catena(settings=settings) as catena:
                # Once before, so that books are parsed and the embedder is loaded.
                generate(catena, files, Order(1, rule_questions.KINDS), Path(name) / "warm.jsonl")
                asyncio.run(litellm_catalogue.loaded())
                began = time.perf_counter()
                options = GenerateOptions(concurrency)
                report = generate(catena, files, Order(num, model=MODEL), Path(name) / "set.jsonl", options)
                seconds = time.perf_counter() - began
            requests, most = stub.requests(), stub.most_at_once()
        with StubModel(rules=RULES, latency=latency) as stub:
            some = requests[: BARE_ROUNDS * concurrency]
            bare = asyncio.run(_bare(stub.url, some, concurrency)) * len(requests) / len(some)
    ideal = len(requests) * latency / concurrency
    yield Row(f"{report.num_items} items, {len(requests)} calls of {latency:g} s", "", f"{seconds:.1f} s")
    yield Row("calls under way at most", f"{concurrency}", f"{most}")
    yield Row("share of the ideal", "≥ 0.90", f"{ideal / seconds:.3f} (ideal {ideal:.1f} s)")
    told = f"{bare / seconds:.3f} (bare {bare:.1f} s, from {len(some)} of the calls)"
    yield Row("share of a bare asyncio loop", "≥ 0.90", told)


async def _bare(url: str, requests: Sequence[Mapping[str, Any]], concurrency: int) -> float:
    """Seconds that the requests alone take, as many at once."""
    left = iter(requests)
    limits = httpx.Limits(max_connections=concurrency)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def send() -> None:
            for request in left:
                (await client.post(f"{url}/chat/completions", json=request)).raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(concurrency)))
        return time.perf_counter() - began


class _NoEmbedder:
    """Every text is unlike every other: what is watched is the memory of the job, not of an embedder."""

    name, dimensions = "none", 1

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), 1), np.float32)


def memory(num_books: int, num: int) -> Iterator[Row]:
    """The memory of this process while items are made by rule, a book after the other."""
    sizes: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        files = _novels(Path(name), num_books, 200)
        with Catena(home=Path(name) / "home") as catena, Journal(Path(name) / "set.db") as journal:
            order = Order(num, rule_questions.KINDS)

            async def make(book: Book) -> Json:
                return await ItemGenerator(book, order, _NoEmbedder(), None).make(journal, concurrency=8)

            def on_end(key: str, result: Json | None) -> None:
                sizes.append(psutil.Process().memory_info().rss)

            books = (LibraryBook(catena, str(file)) for file in files)
            asyncio.run(book_sets.generate(books, make, journal, num_open=2, on_end=on_end))
            count = sum(1 for _ in book_sets.items(journal))
    tenth = max(1, len(sizes) // 10)
    early, late = max(sizes[tenth : 2 * tenth]) / 2**20, max(sizes[-tenth:]) / 2**20
    yield Row(
        f"memory over {count} items, second tenth of the job and last", "flat", f"{early:.0f}, {late:.0f} MiB"
    )


def _novels(folder: Path, num: int, num_paragraphs: int) -> list[Path]:
    files = [folder / f"novel{number:03}.md" for number in range(num)]
    for number, file in enumerate(files):
        file.write_text(write_novel(num_paragraphs, number), "utf-8")
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("plumbing", "planted", "speed", "memory"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the development documents")
    parser.add_argument("--books", type=int, help="how many books")
    parser.add_argument("--num", type=int, help="items of each")
    parser.add_argument("--latency", type=float, default=5.0)
    parser.add_argument("--concurrency", type=int, default=64)
    options = parser.parse_args(arguments)
    if options.what == "plumbing":
        rows = plumbing(options.data, options.books or 10, options.num or 50)
    elif options.what == "planted":
        rows = plants(options.num or 100)
    elif options.what == "speed":
        rows = speed(options.latency, options.concurrency, options.books or 32, options.num or 50)
    else:
        rows = memory(options.books or 54, options.num or 200)
    print(table(list(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
