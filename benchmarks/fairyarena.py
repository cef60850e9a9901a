"""`python -m catena.benchmarks.fairyarena`: what needs no model, ranked on FairytaleQA by the offline judge.

The half of the stories on which nothing was chosen; explicit questions of which an accepted answer stands in a sentence
of the section that is named as evidence. Nothing of the stories is written beside the ranking.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from catena.agents.candidates import Candidate, candidates
from catena.agents.citations.citation import cite
from catena.agents.document_view import DocumentView
from catena.arena_runs import RULES, answer_set, judge_runs
from catena.benchmarks.datasets import fairytaleqa
from catena.benchmarks.datasets.benchmark_items import Item as Asked
from catena.benchmarks.datasets.benchmark_items import Source
from catena.benchmarks.fairytales import holds
from catena.bookqa.arena import Ranking
from catena.bookqa.arena_page import agreement_lines, caption, to_html, win_shares, write_png
from catena.bookqa.items import Item, Provenance, item_id, write_items
from catena.client import Catena
from catena.settings import load_settings
from catena.types import Document, Segment

SYSTEMS = ("embedded", "embedded-chain", "bm25", "longest")
SPLIT = "val"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development documents")
    parser.add_argument("--out", type=Path, required=True, help="the picture, a PNG")
    parser.add_argument(
        "--runs", type=Path, required=True, help="set, answers, judgements and page: the same folder goes on"
    )
    parser.add_argument(
        "--judge", action="append", help="rules, or a LiteLLM model; repeatable (default: rules)"
    )
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="some of: %(default)s")
    parser.add_argument("--questions", type=int, help="the first so many alone")
    given = parser.parse_args()
    runs: Path = given.runs
    settings = load_settings(home=runs / "library").model_copy(update={"background": False})
    with Catena(settings=settings) as catena:
        num_asked, items = story_items(catena, given.data, runs / "stories")
        num_held, items = len(items), items[: given.questions]
        write_items(runs / "fairytales.jsonl", items)
        answer_set(catena, runs / "fairytales.jsonl", given.systems.split(","), runs / "answers")
        rankings = judge_runs(catena, runs / "answers", given.judge or [RULES])
    write_png(rankings, given.out)
    (runs / "arena.html").write_text(to_html(rankings), "utf-8")
    print(
        f"{num_held} of {num_asked} explicit questions have a sentence that holds the answer; {len(items)} asked.\n"
    )
    for ranking in rankings:
        print(to_markdown(ranking))
    for line in agreement_lines(rankings):
        print(f"{line}.")


def story_items(catena: Catena, data: Path, folder: Path) -> tuple[int, list[Item]]:
    """Count explicit questions, and return those whose answer a sentence holds, as items."""
    asked = [one for one in fairytaleqa.load(data / "fairytaleqa") if "explicit" in one.labels["type"]]
    stories = sorted({one.source.name for one in asked if one.source.name.startswith(f"{SPLIT}/")})[1::2]
    of_story: dict[str, list[Asked]] = {name: [] for name in stories}
    for one in asked:
        if one.source.name in of_story:
            of_story[one.source.name].append(one)
    items: list[Item] = []
    for questions in of_story.values():
        document = _add(catena, questions[0].source, folder)
        items += _items(catena, document, questions)
    return sum(map(len, of_story.values())), items


def _add(catena: Catena, source: Source, folder: Path) -> Document:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(source.name).name}.txt"
    path.write_text("".join(source.units), "utf-8")
    return catena.add(path)


def _items(catena: Catena, document: Document, questions: list[Asked]) -> Iterator[Item]:
    view = DocumentView(catena.library, [document.id])
    sentences = candidates(Segment(tuple(view.passages(document.id))), view)
    total = sum(len(one.text) + 1 for one in sentences)
    for asked in questions:
        named = " ".join(" ".join(asked.source.units[number - 1].split()) for number in sorted(asked.gold))
        gold = [one for one in sentences if one.text in named and holds(one.text, asked.answers)]
        if gold:
            place = _before(sentences, gold[0]) / total
            yield Item(
                id=item_id(document.id, "local", asked.question),
                book=document.id,
                title=document.title,
                kind="local",
                question=asked.question,
                answer=next(one for one in asked.answers if holds(gold[0].text, [one])),
                difficulty="easy",
                is_answerable=True,
                citations=tuple(cite(one.evidence, view) for one in gold),
                scope="passage",
                diffusion=0.1,
                span=(place, place),
                position=place,
                provenance=Provenance("FairytaleQA", "none", 0),
                places=tuple(_before(sentences, one) / total for one in gold),
            )


def _before(sentences: list[Candidate], one: Candidate) -> int:
    return sum(len(other.text) + 1 for other in sentences[: sentences.index(one)])


def to_markdown(ranking: Ranking) -> str:
    """The ranking as a table for the docs, with the share of games won of each other system."""
    names = [one.system for one in ranking.standings]
    lines = [
        "| | strength | 95% interval | won | tied | lost | " + " | ".join(f"of {n}" for n in names) + " |",
        "| --- " * (6 + len(names)) + "|",
    ]
    for one, row in zip(ranking.standings, win_shares(ranking), strict=True):
        s = one.strength
        cells = ["" if cell is None else f"{cell:.2f}" for cell in row]
        lines.append(
            f"| {one.system} | {s.value:+.2f} | {s.low:+.2f} to {s.high:+.2f} | {one.wins} | {one.ties} | {one.losses} "
            f"| {' | '.join(cells)} |"
        )
    return "\n".join([*lines, "", caption(ranking), ""])


if __name__ == "__main__":
    main()
