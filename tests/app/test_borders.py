"""Where the command line meets the world: terminals, pipes, arguments, interrupts. No traceback, whatever comes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catena.app import cli
from catena.app.process_border import PLAIN, guarded, prepare_streams, print_json
from catena.errors import CatenaError

CATENA = [sys.executable, "-c", "from catena.app.start import main; main()"]


def run(
    *arguments: str | bytes, stdout: int = subprocess.PIPE, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `catena ARGUMENTS` in a process of its own."""
    return subprocess.run(
        [*CATENA, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **variables},
        timeout=300,
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A library with one note, whose title and text are not of one code page."""
    folder = tmp_path_factory.mktemp("borders")
    (folder / "lantern.md").write_text(
        "# Lantern 東京\n\nThe lantern “Borea” burns for forty hours — 5 € an hour.\n", "utf-8"
    )
    home = str(folder / "home")
    done = run("add", str(folder / "lantern.md"), "--home", home, CATENA_BACKGROUND="false")
    assert done.returncode == 0, done.stderr
    return home


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp437", "utf-8"])
def test_a_terminal_that_lacks_letters_gets_others(library: str, encoding: str) -> None:
    asked = ("How long does the lantern burn?", "--home", library)
    shown = run("ask", *asked, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert shown.returncode == 0 and b"forty hours" in shown.stdout and b"Traceback" not in shown.stderr
    page = run("show", "Lantern", "--page", "1", "--home", library, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert page.returncode == 0 and b"Borea" in page.stdout
    data = json.loads(run("show", "Lantern", "--json", "--home", library, PYTHONIOENCODING=encoding).stdout)
    assert data["title"] == "Lantern 東京"


def test_marks_have_something_near_them() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    prepare_streams()
    out.reconfigure(errors=PLAIN)
    out.write("✓ “é” — 5\u202f€ … 東 \ud800")
    out.flush()
    assert out.buffer.getvalue() == b'+ "e" - 5 EUR ... ? ?'


def test_json_escapes_what_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": "half \ud83d"})
    assert json.loads(capsys.readouterr().out) == {"title": "half \ud83d"}


@pytest.mark.skipif(os.name != "posix", reason="arguments of bytes, and files of the kernel")
def test_bad_bytes_full_disks_and_closed_pipes(library: str) -> None:
    asked = run("ask", b"How long does the \xff\xfe lantern burn?", "--home", library)
    assert asked.returncode in (0, 3) and b"Traceback" not in asked.stderr
    named = run("show", b"\xff\xfe", "--home", library)
    assert named.returncode == 1 and named.stderr.startswith(b"error: ")
    with open("/dev/full", "w") as full:
        done = run("ls", "--home", library, stdout=full.fileno())
    assert done.returncode == 1 and b"No space" in done.stderr and b"Traceback" not in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = run("ls", "--home", library, stdout=writer)
    os.close(writer)
    assert done.returncode != 0 and b"Traceback" not in done.stderr and b"Exception" not in done.stderr


def called(*arguments: str) -> tuple[int, str, str]:
    """Run `catena ARGUMENTS` in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["catena", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            cli.main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.argv = before
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "Lantern", "--page", "0"), 2, "--page"),
        (("show", "Lantern", "--page", "99"), 1, "no page 99"),
        (("show", "Lantern", "--render", "/nowhere/at/all.png"), 1, "cannot be written"),
        (("ask", "word " * 20_000), 1, "question is too long: 20,000 words"),
        (("ask", "w" * 30_000), 1, "question is too long"),
        (("search", "word " * 20_000), 1, "question is too long"),
        (("ask", " "), 1, "question is empty"),
        (("show", "half \ud83d"), 1, "error: "),
        (("ask", "Is it?", "--max-reply-tokens", "3"), 2, "max-reply-tokens"),
    ],
)
def test_what_cannot_be_done_is_said(library: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    found = called(*arguments, "--home", library)
    assert found[0] == code
    assert words in found[2] and "Traceback" not in found[2]


def test_version_and_help(library: str) -> None:
    assert called("--version") == (0, f"catena {version('catena-qa')}\n", "")
    for arguments in (("-h",), ("ask", "-h"), ("bench", "-h"), ("eval", "-h")):
        code, out, _ = called(*arguments)
        assert code == 0 and "Usage" in out


def test_files_are_named_beside_titles(library: str) -> None:
    assert "lantern.md" in called("ls", "--home", library)[1]


def test_every_error_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(error: BaseException) -> int:
        def work() -> None:
            raise error

        def fail(error: CatenaError) -> None:
            sys.exit(7)

        with pytest.raises(SystemExit) as ended:
            guarded(work, fail)
        return int(ended.value.code or 0)

    assert raising(KeyboardInterrupt()) == 130
    assert raising(CatenaError("It is so.")) == 7
    assert raising(PermissionError(13, "Permission denied", "/x/y")) == 1
    assert raising(ValueError("odd\nthing")) == 1
    said = capsys.readouterr().err
    assert "Permission denied (/x/y)" in said and "fault of Catena's own: ValueError: odd thing" in said
    monkeypatch.setenv("CATENA_TRACEBACK", "1")
    with pytest.raises(ValueError, match="odd"):
        guarded(lambda: int("odd"), print)


COMMANDS = st.sampled_from(
    ["show", "search", "ls", "history", "runs", "threads", "config", "rm", "resume", "nothing"]
)
WORDS = st.sampled_from(
    ["--page", "-1", "0", "--json", "-k", "--doc", "Lantern", "-h", "--", "--home", "\ud800", "\x00"]
)


@given(COMMANDS, st.lists(WORDS | st.text(max_size=5), max_size=4))
@hypothesis_settings(deadline=None, max_examples=30)
def test_any_arguments_end_with_a_code(command: str, arguments: list[str]) -> None:
    code, _, err = called(command, *arguments)
    assert code in (0, 1, 2, 3, 4, 130)
    assert "Traceback" not in err and "fault of Catena's own" not in err


def test_an_interrupt_while_it_is_importing_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    done = run("ls", PYTHONPATH=str(tmp_path))
    assert done.returncode == 130 and done.stderr == b"Stopped.\n"
