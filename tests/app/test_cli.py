"""The command line as a newcomer meets it: output, JSON and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from catena.app import cli
from catena.app.cli import eval_command
from catena.benchmarks.benchmarks import BENCHMARKS

KEYS_ADD = [
    "path",
    "document_id",
    "title",
    "status",
    "reason",
    "message",
    "remedy",
    "pages",
    "pages_with_text",
    "tags",
    "collections",
    "reference",
]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `catena ARGUMENTS` in this process; returns exit code, output and error output."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["catena", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


def test_add_then_ask_answers_with_page_and_quote(run: Any, manual: Path) -> None:
    assert run("add", manual)[0] == 0
    code, out, _ = run("ask", "How long does the battery of the lantern last?")
    assert code == 0
    assert "forty hours" in out
    assert "p. 2" in out


def test_ask_json_has_every_key_of_the_schema(run: Any, manual: Path) -> None:
    code, out, _ = run("ask", "How long does the battery last?", "--doc", manual, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["schema"] == 2
    assert set(answer) == {
        "schema", "run_id", "thread_id", "question", "read_as", "text", "status", "stopped", "strategy",
        "strategy_reason", "model", "seconds", "warnings", "statements", "citations", "verified", "marks",
        "coverage", "usage", "roles", "short", "confidence",
    }  # fmt: skip
    part = answer["citations"][0]["parts"][0]
    assert part["page"] == 2
    assert all(len(box) == 4 for box in part["boxes"])


def test_a_dry_run_says_what_it_will_cost_and_whether_a_cap_would_stop_it(run: Any, manual: Path) -> None:
    asked = ("ask", "How long does it last?", "--doc", manual, "--model", "openai/gpt-4o", "--dry-run")
    code, out, _ = run(*asked)
    assert code == 0
    assert "full: " in out and "openai/gpt-4o" in out and "$0.00" in out
    assert run(*asked, "--max-cost", "0.00001")[0] == 4
    plan = json.loads(run(*asked, "--json")[1])
    assert (
        0 < plan["expected"]["prompt_tokens"] <= plan["most"]["prompt_tokens"]
        and plan["expected"]["calls"] == 1
    )


def test_question_beside_the_document_exits_with_3(run: Any, manual: Path) -> None:
    code, out, _ = run("ask", "Who was the king of Denmark in 1650?", "--doc", manual)
    assert code == 3
    assert "does not" in out


def test_add_json_names_reason_and_remedy_and_exits_with_1(run: Any, tmp_path: Path, manual: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"")
    code, out, _ = run("add", broken, manual, "--json")
    rows = json.loads(out)
    assert code == 1
    assert {row["status"] for row in rows} == {"failed", "ready"}
    failed = next(row for row in rows if row["status"] == "failed")
    assert failed["reason"] == "not_a_document"
    assert failed["message"]
    assert failed["remedy"]
    assert [key for key in failed if key in KEYS_ADD] == KEYS_ADD


def test_same_file_again_says_so(run: Any, manual: Path) -> None:
    run("add", manual)
    code, _, err = run("add", manual)
    assert code == 0
    assert "in the library already" in err


def test_search_json(run: Any, manual: Path) -> None:
    run("add", manual)
    code, out, _ = run("search", "battery", "-k", "2", "--json")
    rows = json.loads(out)
    assert code == 0
    assert list(rows[0]) == ["document_id", "title", "page", "label", "score", "retriever", "text"]
    assert rows[0]["page"] == 2


def test_render_writes_a_picture_per_part(run: Any, tmp_path: Path, manual: Path) -> None:
    folder = tmp_path / "pictures"
    run("ask", "How long does the battery last?", "--doc", manual, "--render", folder)
    pictures = list(folder.glob("*.png"))
    assert pictures
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_show_page_and_rm(run: Any, manual: Path) -> None:
    run("add", manual)
    assert "forty hours" in run("show", "manual", "--page", "2")[1]
    assert run("rm", "manual", "--yes")[0] == 0
    code, _, err = run("show", "manual")
    assert code == 1
    assert "catena ls" in err


def test_history_lists_what_was_asked(run: Any, manual: Path) -> None:
    run("ask", "How long does the battery last?", "--doc", manual)
    assert "How long does the battery last?" in run("history")[1]


def test_doctor_is_content_with_a_fresh_library(run: Any, manual: Path) -> None:
    run("add", manual)
    code, out, _ = run("doctor")
    assert code == 0
    assert "All is well" in out


def test_usage_error_exits_with_2(run: Any) -> None:
    assert run("ask")[0] == 2
    assert run("add", "x.pdf", "--as", "spreadsheet")[0] == 2


def test_help_is_quick_to_import() -> None:
    code = "import sys, catena.app.cli; print(*(m for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "pymupdf",
        "litellm",
        "llama_index",
        "langgraph",
        "torch",
        "streamlit",
        "sqlalchemy",
        "onnxruntime",
    }
    assert not heavy & set(loaded)


@pytest.mark.parametrize("name", eval_command.MODULES)
def test_eval_hands_every_measurement_its_own_options(run: Any, name: str) -> None:
    assert find_spec(f"catena.benchmarks.{name}") is not None
    assert name in run("eval", "--help")[1]


def test_eval_passes_arguments_on(run: Any) -> None:
    code, out, _ = run("eval", "robust", "--help")
    assert code == 0
    assert "--alone ALONE" in out


def test_eval_offers_every_public_benchmark(run: Any) -> None:
    assert set(eval_command.BENCHMARKS) == set(BENCHMARKS)
    assert run("eval", "lciteeval", "--help")[0] == 0


def test_threads_lists_conversations_and_deletes_them(run: Any, manual: Path) -> None:
    for thread, question in (("a", "When is the pump oiled?"), ("a", "By whom?"), ("b", "What is the pump?")):
        run("ask", question, "--doc", str(manual), "--thread", thread)
    _, text, _ = run("threads", "--json")
    assert [(one["thread_id"], one["last_question"], one["num_questions"]) for one in json.loads(text)] == [
        ("b", "What is the pump?", 1),
        ("a", "By whom?", 2),
    ]
    assert run("threads", "--delete", "zzz")[0] == 1
    assert run("threads", "--delete", "a")[1].startswith("Deleted 1 of 2")
    assert run("threads", "--all")[1].startswith("Deleted 1 of 1")
    assert run("threads")[1].strip() == "There is no conversation."
    assert run("history")[1].strip() == "Nothing has been asked yet."


def test_collections_and_tags_from_the_command_line(run: Any, manual: Path, tmp_path: Path) -> None:
    (tmp_path / "moss.txt").write_text("Moss has no roots.")
    run("add", manual, tmp_path / "moss.txt", "--in", "Shelf", "--tag", "old")
    assert run("tag", "moss", "+wet", "-old")[1] == "moss: wet\n"
    assert run("collection", "add", "Wet", "--filter", "tag:wet in:shelf")[1] == "Wet: 1 document\n"
    assert [one["title"] for one in json.loads(run("ls", "--in", "Wet", "--json")[1])] == ["moss"]
    assert "forty hours" not in run("ask", "How long does the battery last?", "--in", "Wet")[1]
    assert run("search", "roots", "--in", "tag:old")[1].count("moss") == 0
    assert "in      Shelf, #wet" in run("show", "moss")[1]
    assert run("collection", "remove", "Shelf", "moss")[1] == "Shelf: 1 document\n"
    assert run("collection", "rename", "Shelf", "Rack")[0] == 0
    assert run("collection", "ls")[1] == "Rack  1 document\nWet  0 documents  = in:Rack tag:wet\n"
    assert run("collection", "rm", "Wet")[0] == run("collection", "rm", "Rack")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ls", "--in", "Shlf"), "Did you mean 'Shelf'?"),
        (("ask", "What?", "--in", "Shelf", "--doc", "lantern"), "Give one of them"),
        (("tag", "lantern", "wet"), "+TAG or -TAG"),
        (("collection", "add", "New"), "Name documents, or give --filter"),
        (("collection", "rename", "Shelf", "a:b"), "without a colon"),
    ],
)
def test_what_is_no_collection_is_said(run: Any, manual: Path, arguments: tuple[str, ...], said: str) -> None:
    run("add", manual, "--in", "Shelf")
    code, _, error = run(*arguments)
    assert code == 1
    assert said in error


def test_a_set_is_made_about_a_collection(run: Any, manual: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("Another book.")
    run("add", manual, "--in", "Shelf")
    run("add", tmp_path / "other.txt")
    out = tmp_path / "set.jsonl"
    told = run("generate", "--in", "Shelf", "-o", out, "--model", "none", "-n", "1", "--json")[1]
    assert json.loads(told)["num_books"] == 1


def test_references_from_the_command_line(run: Any, tmp_path: Path) -> None:
    head = "---\ntitle: On Lanterns\nauthor: Ann Lee\n---\n# On Lanterns\n\n"
    (tmp_path / "lantern.md").write_text(f"{head}Its battery lasts ten hours.\n")
    run("add", tmp_path / "lantern.md")
    assert run("meta", "Lanterns")[1] == "authors Ann Lee (the file's metadata)\n"
    run("meta", "Lanterns", "--author", "Ann van Lee", "--author", "Li Wei", "--year", "2019")
    assert run("export-references", "apa")[1] == "van Lee, A., & Wei, L. (2019). On Lanterns.\n"
    code, out, _ = run("ask", "How long does the battery last?", "--cite", "mla")
    assert code == 0
    assert "[van Lee and Wei 2019, p. 1]" in out
    assert "van Lee, Ann, and Li Wei. “On Lanterns”. 2019." in out
    told = json.loads(run("ask", "How long does the battery last?", "--cite", "csl", "--json")[1])
    assert told["citations"][0]["reference"] == "van Lee and Wei 2019"
    assert json.loads(told["references"])[0]["author"][1] == {"family": "Wei", "given": "Li"}
    assert run("meta", "Lanterns", "--reset", "authors")[1].startswith("authors Ann Lee")
    (tmp_path / "own.bib").write_text("@book{a, title={On Lanterns}, author={Roy, B.}, year=1999}")
    assert run("import-references", tmp_path / "own.bib")[1] == "On Lanterns: authors, year, title\n"
    assert "B. Roy" in run("show", "Lanterns")[1]
    assert run("import-references", tmp_path / "lantern.md")[0] == 1
