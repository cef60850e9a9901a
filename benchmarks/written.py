"""Are a model's answers right, by each way of asking it? Beside LlamaIndex's query engine with the same model.

catena eval written --model local/NAME --home FOLDER [--data FOLDER] [--questions FILE.jsonl] [--every N]
                    [--ways embedded,retrieve,llamaindex]

Questions are those of the development sets, present and absent facts, or a line each of FILE:
{"id": …, "doc": PATH under --data, "question": …, "value": …, "also": […], "page": […], "there": true}.
Each reply is a line of FOLDER/written.jsonl and is not asked for again, so that the same command goes on.
Words judge, alike for all: they are no judge of sense, and what they cannot tell (yes and no) is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, get_args

from catena.agents.generative.refusals import denies
from catena.benchmarks.absent import Item, read_items
from catena.benchmarks.intervals import interval
from catena.benchmarks.peers import QueryEngine
from catena.benchmarks.rightness import is_right
from catena.benchmarks.told import written_out
from catena.client import Catena
from catena.errors import DocumentError, ModelError
from catena.llm_factory import LLMFactory
from catena.options import AskOptions, Limits
from catena.settings import load_settings
from catena.types import Answer, Strategy

EMBEDDED, PEER = "embedded", "llamaindex"
YES_NO = ("yes", "no")
HEAD = (
    "| way | there | right | right, 95% | refused | its page cited | absent | refused "
    "| statements supported | not read | tokens read + written | seconds |"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A reply to a question: `said` is what is judged, and `pages` what it cites.

    `statements` were made, `supported` of them have a quote that code found to bear them. `problem`: no reply was read.
    """

    way: str
    item: str
    said: str = ""
    short: str = ""
    pages: tuple[int, ...] = ()
    is_refused: bool = False
    statements: int = 0
    supported: int = 0
    calls: int = 0
    read: int = 0
    written: int = 0
    seconds: float = 0.0
    problem: str = ""


Way = Callable[[Item, str], Written]
"""Asks a question of the document with an identifier."""


def ours(catena: Catena, way: str, model: str) -> Way:
    """The embedded reader, or the model by a strategy."""
    is_embedded = way == EMBEDDED
    options = AskOptions() if is_embedded else AskOptions(model=model, strategy=_strategy(way))

    def ask(item: Item, document: str) -> Written:
        answer = catena.ask(item.question, documents=[document], options=options)
        return _of(answer, way, item.id, is_embedded=is_embedded)

    return ask


def _of(answer: Answer, way: str, item: str, *, is_embedded: bool) -> Written:
    """What leads the embedded reader's answer counts, with its quotes; of a written one, all of it."""
    lead = answer.statements[:1] if is_embedded else answer.statements
    cited = [answer.citations[number] for one in lead for number in one.citations]
    quotes = [one.quote for one in cited] if is_embedded else []
    return Written(
        way,
        item,
        " ".join([*(one.text for one in lead), *quotes]),
        answer.short,
        tuple(dict.fromkeys(part.ref.number for one in cited for part in one.parts)),
        answer.status != "answered",
        len(answer.statements),
        sum(one.support in ("supported", "quoted") for one in answer.statements),
        answer.usage.calls,
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )


def _strategy(way: str) -> Strategy:
    if way not in get_args(Strategy):
        raise SystemExit(f"{way} is no way: {EMBEDDED}, {PEER}, {', '.join(get_args(Strategy))}.")
    return way  # type: ignore[return-value]  # checked above


def llama_index(catena: Catena, model: str) -> Way:
    """LlamaIndex's default query engine over the same pages, embedder and model."""
    models = LLMFactory(catena.settings, catena.library.history).open(model, [], Limits())
    engine = QueryEngine(catena.library, catena.embedder, models.answering)

    def ask(item: Item, document: str) -> Written:
        before = models.meter.usage
        said, pages = engine(item.question, document)
        after = models.meter.usage
        return Written(
            PEER,
            item.id,
            said,
            pages=tuple(pages),
            is_refused=denies(said),
            calls=after.calls - before.calls,
            read=after.prompt_tokens - before.prompt_tokens,
            written=after.completion_tokens - before.completion_tokens,
        )

    return ask


def ask_all(catena: Catena, ways: dict[str, Way], items: Sequence[Item], data: Path, kept: Path) -> None:
    """Ask each question by every way, one after the other, and keep each reply."""
    done = {(one.way, one.item) for one in replies(kept)}
    with kept.open("a", encoding="utf-8") as file:
        for item in items:
            try:
                document = catena.add(data / item.file).id
            except DocumentError:
                continue  # images only
            for name, way in ways.items():
                if (name, item.id) in done:
                    continue
                begun = perf_counter()
                try:
                    found = way(item, document)
                except ModelError as problem:
                    found = Written(name, item.id, problem=str(problem))
                line = asdict(replace(found, seconds=round(perf_counter() - begun, 2)))
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()


def replies(kept: Path) -> list[Written]:
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    return [Written(**(row | {"pages": tuple(row["pages"])})) for row in map(json.loads, lines)]


def judge(item: Item, reply: Written) -> bool | None:
    """Tell whether a reply is right, wherever it stands; None where words cannot tell."""
    if reply.is_refused or reply.problem:
        return False
    opens = reply.said.strip().casefold().startswith(YES_NO)
    short = reply.short or (reply.said if opens else "")
    return is_right(replace(item, gold=()), reply.said, reply.pages, short)


def report(items: Sequence[Item], found: Sequence[Written]) -> str:
    """A row for each way, over the questions that all of them were asked."""
    by_id = {item.id: item for item in items}
    names = list(dict.fromkeys(one.way for one in found))
    of = {name: {one.item: one for one in found if one.way == name} for name in names}
    common = [key for key in by_id if all(key in of[name] for name in names)]
    rows = [_row(name, [(by_id[key], of[name][key]) for key in common]) for name in names]
    return "\n".join([HEAD, "| --- " * HEAD.count(" | ") + "|", *rows])


def _row(name: str, pairs: Sequence[tuple[Item, Written]]) -> str:
    judged = [(item, reply, judge(item, reply)) for item, reply in pairs if item.is_there and item.accepted]
    told = [(item, right) for item, _, right in judged if right is not None]
    low, high = interval([float(right) for _, right in told], [item.file for item, _ in told])
    there = [reply for item, reply in pairs if item.is_there]
    absent = [reply for item, reply in pairs if not item.is_there]
    paged = [bool(set(reply.pages) & set(item.gold)) for item, reply in pairs if item.gold]
    replied = [reply for _, reply in pairs]
    statements = sum(one.statements for one in replied)
    cells = [
        name,
        len(there),
        _share(bool(right) for _, right in told),
        f"{low:.2f}–{high:.2f}",
        _share(one.is_refused for one in there),
        _share(paged),
        len(absent),
        _share(one.is_refused for one in absent),
        f"{sum(one.supported for one in replied) / statements:.2f}" if statements else "–",
        _share(bool(one.problem) for one in replied),
        f"{median(one.read for one in replied):.0f} + {median(one.written for one in replied):.0f}",
        f"{median(one.seconds for one in replied):.1f}",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _share(flags: Iterable[bool]) -> str:
    kept = list(flags)
    return f"{sum(kept) / len(kept):.2f}" if kept else "–"


def read_questions(path: Path) -> Iterator[Item]:
    """Read questions of one's own, a JSON object a line."""
    for line in path.read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        accepted = (row["value"], *row.get("also", ())) if row["there"] else ()
        kind = "answerable" if row["there"] else "not answerable"
        yield Item(row["id"], row["question"], row["doc"], kind, tuple(row["page"]), accepted, path.stem)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", required=True, help="LiteLLM's name of it, or local/NAME")
    parser.add_argument("--api-base", help="its server, where it is not the provider's own")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True, help="keep the documents and the replies here")
    parser.add_argument(
        "--questions", type=Path, help="questions of your own, in place of the development sets'"
    )
    parser.add_argument("--every", type=int, default=1, help="take every N-th question only")
    parser.add_argument("--ways", default=f"{EMBEDDED},retrieve,{PEER}")
    options = parser.parse_args()
    kept = options.home / "written.jsonl"
    settings = load_settings(home=options.home, background=False, ocr=False, api_base=options.api_base)
    with Catena(settings=settings) as catena:
        if options.questions:
            items = list(read_questions(options.questions))
        else:
            items = [*read_items(options.data), *written_out(options.data, options.home / "texts")]
        items = items[:: options.every]
        ways = {
            name: llama_index(catena, options.model) if name == PEER else ours(catena, name, options.model)
            for name in options.ways.split(",")
        }
        ask_all(catena, ways, items, options.data, kept)
    print(report(items, replies(kept)))


if __name__ == "__main__":
    main()
