"""Rules are found by walking the modules, tell when they fire, and are off wherever they were imported to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from catena.agents.extractive import out_of_vocabulary, sentence_ranking
from catena.benchmarks.language_rules import Rule, find_rules, forget, off, watching, without
from catena.benchmarks.watched_rules import Watch, watched
from catena.retrieval import hybrid, text_analysis

RULES = {rule.name: rule for rule in find_rules()}


def test_patterns_lists_of_words_and_files_of_words_are_found() -> None:
    assert RULES["extractive.sentence_ranking._WHO"].kind == "pattern"
    assert RULES["retrieval.text_analysis.STOPWORDS"].kind == "words"
    assert RULES["extractive.synonyms._nouns"].kind == "file"


def test_models_that_are_loaded_once_are_no_rules() -> None:
    assert not [name for name in RULES if "session" in name or "tokenizer" in name]


def test_a_rule_is_off_in_every_module_that_imports_it_and_on_again_behind() -> None:
    with without(RULES["retrieval.text_analysis.STOPWORDS"]):
        assert not any(vars(module)["STOPWORDS"] for module in (text_analysis, hybrid, out_of_vocabulary))
        assert text_analysis.query_terms("What is the price?") == ["what", "is", "the", "price"]
    assert text_analysis.query_terms("What is the price?") == ["price"]


def test_what_functions_remember_is_forgotten_with_the_rule() -> None:
    assert text_analysis.terms("children") == text_analysis.terms("child")
    with without(RULES["retrieval.text_analysis._BASE"]):
        assert text_analysis.terms("children") != text_analysis.terms("child")
    assert text_analysis.terms("children") == text_analysis.terms("child")


def test_a_rule_tells_when_it_fires_and_only_then() -> None:
    watch = Watch()
    with watching([RULES["extractive.sentence_ranking._WHO"]], watch):
        forget()
        sentence_ranking.fits_kind("What is the price?", "It was Anna Holm.")
        assert watch.fired() == []
        assert sentence_ranking.fits_kind("Who knows?", "It was Anna Holm.")
        assert watch.fired() == ["extractive.sentence_ranking._WHO"]
    assert watch.fired() == []


@pytest.mark.parametrize("value", [re.compile("a"), frozenset("ab"), {"a": 1}, [re.compile("a")], (1, "a")])
def test_a_rule_that_is_off_holds_and_matches_nothing(value: Any) -> None:
    nothing = off(value)
    assert type(nothing) is type(value)
    assert not (nothing.search("ab") if isinstance(nothing, re.Pattern) else nothing)


@pytest.mark.parametrize(
    ("use", "fires"),
    [
        (lambda rule: "king" in rule, True),
        (lambda rule: "thing" in rule, False),
        (lambda rule: {"thing"} & rule, False),
        (lambda rule: {"king", "thing"} - rule, True),
        (lambda rule: {"thing"} - rule, False),
        (lambda rule: {"king"} <= rule, True),
    ],
)
def test_a_set_of_words_fires_where_it_holds_what_is_asked(use: Any, fires: bool) -> None:
    watch = Watch()
    words = watched(frozenset(["king", "queen"]), watch.note("words"))
    assert use(words) == use(frozenset(["king", "queen"]))
    assert watch.fired() == ["words"] * fires


def test_a_table_fires_where_it_has_the_word() -> None:
    watch = Watch()
    table = watched({"king": "he"}, watch.note("table"))
    assert (table.get("thing"), watch.fired()) == (None, [])
    assert (table["king"], watch.fired()) == ("he", ["table"])


def test_a_list_of_patterns_fires_by_its_patterns() -> None:
    watch = Watch()
    rules = watched([(re.compile(r"\bUSD\b"), "dollars")], watch.note("list"))
    assert [pattern.sub(full, "5 EUR") for pattern, full in rules] == ["5 EUR"]
    assert watch.fired() == []
    assert [pattern.sub(full, "5 USD") for pattern, full in rules] == ["5 dollars"]
    assert watch.fired() == ["list"]


def test_a_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    assert all(isinstance(rule, Rule) for rule in RULES.values())
