"""Does a rule pay? Each pattern, list of words and file of words is switched off by itself, and what changes counted.

catena eval ablation --home FOLDER [--data ../shared/data] [--sample N] [--name NAME] [--rule PATTERN] [--against NAME]

First each question is asked with all rules, and which of them fire is kept; a rule is then tried on those questions
alone. What was found is kept in FOLDER/NAME.jsonl, and a run that was killed goes on there. A rule without which
ENOUGH more are wrong than right is not tried further. --against compares the questions of two runs, all rules on.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from catena.agents.extractive import answer_reading
from catena.agents.extractive.passage_reader import PassageReading, read_passages
from catena.benchmarks.language_rules import Rule, find_rules, forget, watching, without
from catena.benchmarks.peers import KeptVectors
from catena.benchmarks.trials import Bench, Judge, Outcome, Reindexed, Trial, trials
from catena.benchmarks.watched_rules import Watch
from catena.client import Catena
from catena.settings import load_settings

ENOUGH = 6
BATCH = 60
"""Trials between two looks at how many are wrong."""
ALL_ON, INDEXING = "all on", "indexing"
CHOICE = "choice: "
Row = dict[str, Any]


class Kept:
    """Lines of a run by rule and trial."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Row]] = defaultdict(dict)
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            row = json.loads(line)
            self._rows[row["rule"]][row["trial"]] = row

    def of(self, rule: str) -> Mapping[str, Row]:
        """What was found without a rule, by trial."""
        return self._rows[rule]

    def add(self, rule: str, trial: str, **found: Any) -> None:
        """Write a line."""
        row = {"rule": rule, "trial": trial, **found}
        self._rows[rule][trial] = row
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


class KeptReadings:
    """The passage reader's readings by question and passage, in a file between runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_anew = read_passages
        self._kept: dict[tuple[str, str], PassageReading] = (
            pickle.loads(path.read_bytes()) if path.exists() else {}
        )

    def read(self, question: str, passages: Sequence[str]) -> list[PassageReading]:
        """Read what was not read yet."""
        new = [one for one in dict.fromkeys(passages) if (question, one) not in self._kept]
        for reading in self._read_anew(question, new) if new else ():
            self._kept[question, reading.passage] = reading
        return [self._kept[question, one] for one in passages]

    def save(self) -> None:
        self._path.write_bytes(pickle.dumps(self._kept))


def observe(bench: Bench, chosen: Sequence[Trial], rules: Sequence[Rule], kept: Kept) -> None:
    """Index every document and run every trial with all rules on, and keep which of them fire."""
    watch = Watch()
    with watching(rules, watch):
        for document_id in dict.fromkeys(one.document_id for one in chosen):
            if document_id not in kept.of(INDEXING):
                forget()
                watch.fired()
                Reindexed(bench.library).index(document_id)
                kept.add(INDEXING, document_id, fired=watch.fired())
        for trial in chosen:
            if trial.id not in kept.of(ALL_ON):
                forget()
                watch.fired()
                judge = trial.run()
                fired = watch.fired()
                kept.add(ALL_ON, trial.id, of=trial.of, fired=fired, **asdict(judge()))


def _seldom_first(rules: Sequence[Rule], kept: Kept) -> list[Rule]:
    """Rules by the number of trials in which they fire."""
    return sorted(rules, key=lambda rule: sum(rule.name in row["fired"] for row in kept.of(ALL_ON).values()))


def try_rule(bench: Bench, chosen: Sequence[Trial], rule: Rule, kept: Kept) -> None:
    """Run the trials in which a rule fires without it; documents in whose index it fires are indexed anew."""
    indexed = {one for one, row in kept.of(INDEXING).items() if rule.name in row["fired"]}
    fires = [one for one in chosen if _fires(rule, one, indexed, kept)]
    plain = bench.shelf
    bench.shelf = Reindexed(bench.library) if indexed else plain
    for first in range(0, len(fires), BATCH):
        todo = [one for one in fires[first : first + BATCH] if one.id not in kept.of(rule.name)]
        judges: list[Judge] = []
        with without(rule):
            for document_id in {one.document_id for one in todo} & indexed:
                bench.shelf.index(document_id)
            judges = [_run(one) for one in todo]
        for trial, judge in zip(todo, judges, strict=True):
            kept.add(rule.name, trial.id, **asdict(judge()))
        if sum(sign(kept, rule.name, one.id) for one in fires[: first + BATCH]) >= ENOUGH:
            break
    bench.shelf = plain


def _fires(rule: Rule, trial: Trial, indexed: set[str], kept: Kept) -> bool:
    row = kept.of(ALL_ON)[trial.id]
    if trial.of.startswith(CHOICE):  # the library's index of all documents stays as it is
        return rule.name in row["fired"] and not indexed
    return rule.name in row["fired"] or (trial.document_id in indexed and row["page"] is not None)


def _run(trial: Trial) -> Judge:
    try:
        return trial.run()
    except Exception as error:  # code that relies on a rule breaks without it
        failed = Outcome(f"{type(error).__name__}: {error}", right=False)
        return lambda: failed


def worth(row: Row) -> int:
    """How much is right: what is said, what leads, the page."""
    return sum(row[part] is True for part in ("right", "leads", "page"))


def sign(kept: Kept, rule: str, trial: str) -> int:
    """1 where a trial is better with the rule, -1 where it is worse, 0 where that is the same or was not tried."""
    row = kept.of(rule).get(trial)
    if row is None:
        return 0
    difference = worth(kept.of(ALL_ON)[trial]) - worth(row)
    return (difference > 0) - (difference < 0)


def report(kept: Kept, rules: Sequence[Rule]) -> Iterator[str]:
    """A row a rule; rules that pay in most sets come last."""
    yield (
        "| rule | fires | says otherwise | right by it, wrong by it | pays in, costs in |\n"
        + "| --- " * 5
        + "|"
    )
    base = kept.of(ALL_ON)
    rows = []
    for rule in rules:
        signs: dict[str, Counter[int]] = defaultdict(Counter)
        for trial in kept.of(rule.name):
            signs[base[trial]["of"]][sign(kept, rule.name, trial)] += 1
        nets = {name: found[1] - found[-1] for name, found in signs.items()}
        paid, cost = (sorted(name for name, net in nets.items() if net * by > 0) for by in (1, -1))
        changed = sum(row["said"] != base[trial]["said"] for trial, row in kept.of(rule.name).items())
        by_set = "; ".join(
            f"{name} +{found[1]} −{found[-1]}"
            for name, found in sorted(signs.items())
            if found[1] or found[-1]
        )
        fires = sum(rule.name in row["fired"] for row in base.values())
        row = f"| {rule.name} | {fires} | {changed} | {by_set} | {len(paid)}, {len(cost)} |"
        rows.append((len(paid), sum(nets.values()), row))
    yield from (row for *_, row in sorted(rows))


def compare(before: Kept, after: Kept) -> Iterator[str]:
    """A row a set: what is right in two runs, on the trials of both."""
    parts = ("right", "leads", "page")
    yield "| set | trials | " + " | ".join(f"{one}: before, after, gained, lost" for one in parts) + " |"
    yield "| --- " * 5 + "|"
    both = [(row, after.of(ALL_ON)[one]) for one, row in before.of(ALL_ON).items() if one in after.of(ALL_ON)]
    for name in [*dict.fromkeys(row["of"] for row, _ in both), ""]:
        own = [pair for pair in both if name in ("", pair[0]["of"])]
        cells = []
        for part in parts:
            pairs = [(a[part] is True, b[part] is True) for a, b in own if a[part] is not None]
            gained, lost = (sum(pair == way for pair in pairs) for way in ((False, True), (True, False)))
            was, now = (sum(pair[side] for pair in pairs) for side in (0, 1))
            cells.append(f"{was}, {now} of {len(pairs)}, +{gained} −{lost}" if pairs else "–")
        yield f"| {name or 'all'} | {len(own)} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True, help="keep the documents and what was found here")
    parser.add_argument(
        "--sample", type=int, default=40, help="questions of each set; half where nothing answers"
    )
    parser.add_argument("--name", default="ablation", help="name of the run")
    parser.add_argument(
        "--retrieval", action="store_true", help="look for pages and documents only, read nothing"
    )
    parser.add_argument(
        "--observed", action="store_true", help="try rules on the questions that were asked so far"
    )
    parser.add_argument("--rule", type=re.compile, default="", help="try the rules whose names match only")
    parser.add_argument("--against", metavar="NAME", help="try no rule: compare with another run")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that vectors and readings are kept
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kept = Kept(options.home / f"{options.name}.jsonl")
    rules = find_rules()
    with Catena(settings=load_settings(home=options.home, background=False, ocr=False)) as catena:
        vectors = KeptVectors(catena.embedder, options.home / "vectors.npz")
        readings = KeptReadings(options.home / "readings.pickle")
        vars(answer_reading)["read_passages"] = readings.read  # what it reads is read once for all rules
        bench = Bench(catena.library, vectors)
        chosen = trials(
            catena, bench, options.data, options.home / "texts", options.sample, is_read=not options.retrieval
        )
        if options.observed:
            chosen = [one for one in chosen if one.id in kept.of(ALL_ON)]
        try:
            observe(bench, chosen, rules, kept)
            for rule in _seldom_first(rules, kept) if options.against is None else ():
                if re.search(options.rule, rule.name):
                    started = time.perf_counter()
                    try_rule(bench, chosen, rule, kept)
                    print(f"{rule.name}: {time.perf_counter() - started:.0f} s", flush=True)
        finally:
            vectors.save()
            readings.save()
    lines = (
        compare(Kept(options.home / f"{options.against}.jsonl"), kept)
        if options.against
        else report(kept, rules)
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
