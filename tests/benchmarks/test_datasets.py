"""Official files become questions with their evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena.benchmarks.datasets import fairytaleqa, financebench, lciteeval, longbenchcite, mmlongbench
from catena.errors import OptionError
from tests.benchmarks import records


def test_mmlongbench_reads_lists_that_are_strings(tmp_path: Path) -> None:
    records.write_json(tmp_path / "data" / "samples.json", records.MMLONGBENCH)
    first, second = mmlongbench.load(tmp_path)
    assert first.gold == {2} and first.source.path == tmp_path / "data" / "documents" / "manual.pdf"
    assert first.labels["evidence"] == ("Pure-text (Plain-text)", "Table")
    assert first.labels["pages"] == ("one page",)
    assert not second.is_answerable and second.labels["pages"] == ("unanswerable",)


def test_mmlongbench_does_not_execute_what_stands_in_a_file(tmp_path: Path) -> None:
    bad = {**records.MMLONGBENCH[0], "evidence_pages": "__import__('os').abort()"}
    with pytest.raises(ValueError):
        mmlongbench.load(records.write_json(tmp_path / "samples.json", [bad]))


def test_financebench_pages_count_from_one_and_are_the_filing_s(tmp_path: Path) -> None:
    (tmp_path / "pdfs").mkdir()
    file = records.write_lines(tmp_path / "data" / "financebench_open_source.jsonl", records.FINANCEBENCH)
    (item,) = financebench.load(file.parent)
    assert item.gold == {2}
    assert item.source.path == tmp_path / "pdfs" / "BRANDT_2018_10K.pdf"
    assert item.labels == {"type": ("metrics-generated",), "reasoning": ("Information extraction",)}


def test_fairytaleqa_unwraps_lines_and_reads_sections_of_summaries(tmp_path: Path) -> None:
    local, summary = fairytaleqa.load(records.write_story(tmp_path))
    assert local.source.units[0] == "A farmer had seven sons and a daughter.\n\n"
    assert local.answers == ("in the ashes", "ashes") and local.gold == {2}
    assert summary.gold == {1, 2} and summary.labels["type"] == ("implicit",)


def test_lciteeval_knows_the_task_by_the_file_and_planted_passages_by_their_text(tmp_path: Path) -> None:
    for name, found in records.LCITEEVAL.items():
        records.write_json(tmp_path / f"{name}.json", found)
    needle, stars, hotpot = lciteeval.load(tmp_path)
    assert hotpot.answers == ("Bergen", "in Bergen") and hotpot.gold == frozenset()
    assert hotpot.source.units[0] == "Oslo\nOslo is the capital of Norway.\n\n"
    assert hotpot.labels == {"task": ("hotpotqa",), "length": ("8k to 16k",), "hardness": ("easy",)}
    assert needle.gold == {2}
    assert stars.gold == {1, 3} and stars.answers == ("13", "7") and "★" in stars.question


def test_lciteeval_wants_a_task_in_the_name(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="names no task"):
        lciteeval.load(records.write_json(tmp_path / "answers.json", []))


def test_longbenchcite_sentences_are_the_text(tmp_path: Path) -> None:
    (item,) = longbenchcite.load(records.write_json(tmp_path / "LongBench-Cite.json", records.LONGBENCHCITE))
    assert "".join(item.source.units) == records.LONGBENCHCITE[0]["context"]
    assert [unit.strip() for unit in item.source.units][1] == "The warranty of the lantern covers five years."


def test_chinese_is_cut_at_its_own_marks() -> None:
    assert longbenchcite.sentences("你好。再见；走！") == ("你好。", "再见；", "走！")


@pytest.mark.parametrize("module", [mmlongbench, financebench, lciteeval, longbenchcite, fairytaleqa])
def test_a_folder_without_the_set_is_refused_with_a_remedy(module: object, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as refused:
        module.load(tmp_path)  # type: ignore[attr-defined]
    assert refused.value.remedy


@pytest.mark.data
@pytest.mark.parametrize(("module", "num"), [(mmlongbench, 246), (financebench, 44), (fairytaleqa, 1025)])
def test_development_documents(module: object, num: int, data: Path) -> None:
    items = module.load(data)  # type: ignore[attr-defined]
    assert len({item.key for item in items}) == len(items) == num
    assert all(item.source.units or item.source.path.is_file() for item in items)
