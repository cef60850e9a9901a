"""Runs from official files to a report: scored, resumable, each question kept once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from catena.benchmarks.benchmark_run import choose
from catena.benchmarks.datasets import fairytaleqa
from catena.benchmarks.datasets.benchmark_items import Item, Source
from catena.benchmarks.evaluate import RunOptions, evaluate
from catena.benchmarks.kept import ITEMS, RunFolder
from catena.benchmarks.units import Places, as_html
from catena.client import Catena
from catena.errors import LibraryError, OptionError
from catena.testing import Fault, StubModel
from tests.benchmarks import records


@pytest.fixture
def mmlongbench(tmp_path: Path, manual: Path) -> Path:
    """A folder as MMLongBench-Doc publishes it, with two questions on one document."""
    records.write_json(tmp_path / "mml" / "samples.json", records.MMLONGBENCH)
    (tmp_path / "mml" / "documents").mkdir()
    shutil.copy(manual, tmp_path / "mml" / "documents" / "manual.pdf")
    return tmp_path / "mml"


def kept(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / ITEMS).read_text("utf-8").splitlines()]


def test_a_run_scores_answers_pages_and_refusals(mmlongbench: Path, tmp_path: Path) -> None:
    assert evaluate("mmlongbench", RunOptions(mmlongbench, "r", tmp_path / "runs"))
    answered, refused = kept(tmp_path / "runs" / "r")
    assert answered["scores"]["places_recall"] == 1.0 and answered["cited"][0] == [2]
    predicted = json.loads((tmp_path / "runs" / "r" / "predictions" / "samples.json").read_text("utf-8"))
    assert predicted[1]["pred"] == "Not answerable" and predicted[1]["evidence_pages"] == "[]"
    assert refused["short"] == "Not answerable" and refused["scores"]["score"] == 1.0
    report = json.loads((tmp_path / "runs" / "r" / "report.json").read_text("utf-8"))
    assert report["figures"]["refused, of the unanswerable"]["value"] == 1.0
    assert report["by"]["format"]["Int"]["questions"] == 1
    assert "| statements supported | 1.000 |" in (tmp_path / "runs" / "r" / "report.md").read_text("utf-8")


def test_a_second_run_asks_nothing_again(mmlongbench: Path, tmp_path: Path) -> None:
    options = RunOptions(mmlongbench, "r", tmp_path / "runs")
    evaluate("mmlongbench", options)
    before = (tmp_path / "runs" / "r" / ITEMS).read_bytes()
    assert evaluate("mmlongbench", options)
    assert (tmp_path / "runs" / "r" / ITEMS).read_bytes() == before


def test_other_settings_under_the_same_name_are_refused(mmlongbench: Path, tmp_path: Path) -> None:
    evaluate("mmlongbench", RunOptions(mmlongbench, "r", tmp_path / "runs", limit=1))
    with pytest.raises(OptionError, match="begun with strategy 'auto', and now it is 'chain'"):
        evaluate("mmlongbench", RunOptions(mmlongbench, "r", tmp_path / "runs", strategy="chain"))


def test_passages_and_sentences_are_cited_by_number(tmp_path: Path) -> None:
    for name, found in records.LCITEEVAL.items():
        records.write_json(tmp_path / "lcite" / f"{name}.json", found)
    evaluate("lciteeval", RunOptions(tmp_path / "lcite", "l", tmp_path / "runs"))
    hotpotqa = json.loads((tmp_path / "runs" / "l" / "predictions" / "hotpotqa.json").read_text("utf-8"))
    assert (
        "[2]." in hotpotqa[0]["generation"][0]
        and hotpotqa[0]["docs"] == records.LCITEEVAL["hotpotqa"][0]["docs"]
    )
    by_task = {one["labels"]["task"][0]: one for one in kept(tmp_path / "runs" / "l")}
    assert by_task["hotpotqa"]["cited"][0] == [2] and by_task["hotpotqa"]["scores"]["cites_recall"] == 1.0
    assert by_task["niah"]["scores"]["cites_f1"] == 1.0 and by_task["niah"]["scores"]["needle"] == 1.0
    records.write_json(tmp_path / "LongBench-Cite.json", records.LONGBENCHCITE)
    evaluate("longbenchcite", RunOptions(tmp_path, "c", tmp_path / "runs"))
    (one,) = kept(tmp_path / "runs" / "c")
    assert one["cited"][0] == [2] and one["scores"]["cites_f1"] == 1.0
    predicted = json.loads(
        (tmp_path / "runs" / "c" / "predictions" / "LongBench-Cite.json").read_text("utf-8")
    )
    span = predicted[0]["statements"][0]["citation"][0]
    assert records.LONGBENCHCITE[0]["context"][span["start_char"] : span["end_char"]] == span["cite"]
    assert f"<cite>[{span['st_sent']}-{span['ed_sent']}]" in predicted[0]["prediction"]


def test_a_model_answers_and_judges(mmlongbench: Path, tmp_path: Path) -> None:
    """The stub has no verdict of its own: the script says them."""
    script = [
        "Evidence: [1]\nAnswer: Forty hours, 40 [1].",
        "40",
        "full",
        "Evidence: []\nAnswer: NOT IN THE DOCUMENT",
    ]
    with StubModel(script) as stub:
        options = RunOptions(
            mmlongbench,
            "m",
            tmp_path / "runs",
            "openai/stub",
            stub.url,
            judge="openai/judge",
            judge_base=stub.url,
        )
        assert evaluate("mmlongbench", options)
    answered, refused = kept(tmp_path / "runs" / "m")
    assert answered["short"] == "40" and answered["scores"]["score"] == 1.0
    assert answered["judging"]["calls"] == 2 and refused["judging"]["calls"] == 0
    assert answered["scores"]["quotes_recall"] == 1.0


def test_what_a_model_fails_is_asked_again(mmlongbench: Path, tmp_path: Path) -> None:
    with StubModel([Fault("empty")]) as stub:
        options = RunOptions(mmlongbench, "m", tmp_path / "runs", "openai/stub", stub.url)
        assert not evaluate("mmlongbench", options)
        assert len(kept(tmp_path / "runs" / "m")) == 1
        assert evaluate("mmlongbench", options)
    assert len(kept(tmp_path / "runs" / "m")) == 2


def test_a_line_that_a_kill_cut_short_is_dropped(mmlongbench: Path, tmp_path: Path) -> None:
    options = RunOptions(mmlongbench, "r", tmp_path / "runs")
    evaluate("mmlongbench", options)
    file = tmp_path / "runs" / "r" / ITEMS
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    evaluate("mmlongbench", options)
    assert [one["key"] for one in kept(file.parent)] == ["mmlb-0", "mmlb-1"]


def test_two_processes_do_not_share_a_run(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "r", {}), pytest.raises(LibraryError, match="Another process"):
        RunFolder(tmp_path / "r", {})


@pytest.mark.slow
def test_killed_anywhere_each_question_is_kept_once(tmp_path: Path) -> None:
    data = tmp_path / "stories"
    for number in range(6):
        records.write_story(data, f"split{number}")
    code = "from catena.app.cli import main; main()"
    command = [sys.executable, "-c", code, "eval", "fairytaleqa", "--data", str(data)]
    command += ["--runs", str(tmp_path / "runs"), "--name", "r"]
    file = tmp_path / "runs" / "r" / ITEMS
    for wanted in (1, 3, 7):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not file.exists() or file.read_bytes().count(b"\n") < wanted:
            assert process.poll() is None, "the run goes on until it is killed"
            time.sleep(0.01)
        process.kill()
        process.wait()
    assert subprocess.run(command, capture_output=True, timeout=300).returncode == 0
    assert sorted(one["key"] for one in kept(file.parent)) == sorted(
        one.key for one in fairytaleqa.load(data)
    )


def test_a_larger_limit_adds_to_a_sample() -> None:
    items = [Item(str(number), "?", ("a",), Source("s")) for number in range(50)]
    few, more = choose(items, 5, 7), choose(items, 20, 7)
    assert set(one.key for one in few) <= {one.key for one in more}
    assert more == sorted(more, key=lambda one: int(one.key))


def test_units_are_found_by_characters(tmp_path: Path) -> None:
    source = Source("A & B", units=("One <b> fact.\n\n", "Two foxes live here\nand there. ", "Three."))
    (tmp_path / "a.html").write_text(as_html(source), "utf-8")
    with Catena() as catena:
        document = catena.add(tmp_path / "a.html")
        answer = catena.ask("Which foxes live here?", documents=[document])
        places = Places(source, catena.library.pages(document.id))
        (second,) = (one for one in answer.citations if one.quote.startswith("Two"))
        assert places.of(second) == {2}
        with pytest.raises(OptionError, match="characters"):
            Places(Source("A & B", units=("Other.",)), catena.library.pages(document.id))
