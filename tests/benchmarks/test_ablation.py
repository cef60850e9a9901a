"""What a rule is worth: counted where it fires, by set, and what was found is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.benchmarks.ablation import ALL_ON, INDEXING, Kept, compare, observe, report, sign, try_rule
from catena.benchmarks.absent import Item
from catena.benchmarks.language_rules import Rule, find_rules
from catena.benchmarks.trials import Bench, Judge, Outcome, Trial
from catena.client import Catena
from catena.retrieval.text_analysis import query_terms
from catena.settings import load_settings

TEXT = (
    "The mill was built by Anna Holm in 1874. It ground rye for the town. The children of the town loved it."
)
RULES = {rule.name: rule for rule in find_rules()}
BASE, STOPWORDS = RULES["retrieval.text_analysis._BASE"], RULES["retrieval.text_analysis.STOPWORDS"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    with Catena(settings=load_settings(home=folder / "home", background=False)) as catena:
        (folder / "mill.txt").write_text(TEXT, "utf-8")
        catena.add(folder / "mill.txt")
        yield Bench(catena.library, catena.embedder)


def same_terms(name: str, bench: Bench, question: str, other: str) -> Trial:
    """Right where two questions have the same terms."""

    def run() -> Judge:
        found = query_terms(question) == query_terms(other)
        return lambda: Outcome(str(found), found)

    (document,) = bench.library.documents()
    return Trial(name, "made up", document.id, run)


def tried(bench: Bench, rules: list[Rule], trials: list[Trial], path: Path) -> Kept:
    kept = Kept(path)
    observe(bench, trials, list(RULES.values()), kept)
    for rule in rules:
        try_rule(bench, trials, rule, kept)
    return kept


def test_a_rule_is_worth_what_is_right_by_it_and_runs_where_it_fires(bench: Bench, tmp_path: Path) -> None:
    trials = [
        same_terms("helped", bench, "children", "child"),
        same_terms("harmed", bench, "mill the", "mill"),
        same_terms("else", bench, "rye", "rye"),
    ]
    kept = tried(bench, [BASE, STOPWORDS], trials, tmp_path / "run.jsonl")
    assert sign(kept, BASE.name, "helped") == 1
    assert sign(kept, STOPWORDS.name, "harmed") == 1
    assert set(kept.of(BASE.name)) == {"helped"}
    assert "| retrieval.text_analysis._BASE | 1 | 1 | made up +1 −0 | 1, 0 |" in list(report(kept, [BASE]))


def test_what_was_found_is_not_run_again(bench: Bench, tmp_path: Path) -> None:
    trials = [same_terms("helped", bench, "children", "child")]
    tried(bench, [BASE], trials, tmp_path / "run.jsonl")
    lines = (tmp_path / "run.jsonl").read_text("utf-8")
    tried(bench, [BASE], trials, tmp_path / "run.jsonl")
    assert (tmp_path / "run.jsonl").read_text("utf-8") == lines


def test_code_that_breaks_without_a_rule_is_wrong(bench: Bench, tmp_path: Path) -> None:
    def run() -> Judge:
        found = {"rye": True}[query_terms("the rye")[0]]
        return lambda: Outcome("", found)

    trial = Trial("breaks", "made up", bench.library.documents()[0].id, run)
    kept = tried(bench, [STOPWORDS], [trial], tmp_path / "run.jsonl")
    assert kept.of(STOPWORDS.name)["breaks"]["said"].startswith("KeyError")


def test_a_question_goes_the_way_of_the_graph(bench: Bench) -> None:
    (document,) = bench.library.documents()
    item = Item("1", "Who built the mill?", "mill.txt", "answerable", (1,), ("Anna Holm",))
    outcome = bench.ask(item, document.id)()
    assert (outcome.leads, outcome.page) == (True, True)
    assert "Anna Holm" in outcome.said


def test_a_document_is_indexed_by_the_rules_that_are_on(bench: Bench, tmp_path: Path) -> None:
    kept = tried(bench, [], [same_terms("one", bench, "rye", "rye")], tmp_path / "run.jsonl")
    (row,) = kept.of(INDEXING).values()
    assert BASE.name in row["fired"]


def test_two_runs_are_compared_in_pairs(tmp_path: Path) -> None:
    before, after = Kept(tmp_path / "before.jsonl"), Kept(tmp_path / "after.jsonl")
    for trial, was, now in (("1", True, False), ("2", False, True), ("3", True, True)):
        for kept, value in ((before, was), (after, now)):
            kept.add(ALL_ON, trial, of="set", right=value, leads=value, page=None)
    assert "| set | 3 | 2, 2 of 3, +1 −1 | 2, 2 of 3, +1 −1 | – |" in list(compare(before, after))
