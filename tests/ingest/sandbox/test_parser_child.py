"""What a parser process may not do: reach the network, other files, other processes, secrets."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from catena.ingest.confinement.confinement import clean_environment
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.ingest.sandbox.protection import protection
from catena.settings import load_settings

CURIOUS = Path(__file__).with_name("curious_child.py")
REFUSED = {"Permission denied", "Operation not permitted", "No such file or directory", "Bad file descriptor"}
REFUSED |= {
    "Network is unreachable",
    "Text file busy",
    "File too large",
    "Read-only file system",
    "No such process",
}
FORBIDDEN = (
    "write to the document", "append to the document", "write", "network", "local network",
    "environment of the parent", "memory of the parent", "descriptors of the parent", "files of the parent",
    "signal", "signal to the warm process", "trace", "program", "another root",
)  # fmt: skip


def looked_around(folder: Path, places: Sequence[Path], *, has_landlock: bool = True) -> dict[str, Any]:
    """What a parser finds when it looks around, told by the pages of a document."""
    path = folder / "book"
    path.write_text("The book.")
    order = {"parent": os.getpid(), "places": list(map(str, places)), "no-landlock": not has_landlock}
    os.environ["CATENA_TEST_KEY"] = "sk-secret"
    try:
        with ParserPool(load_settings(), command=(sys.executable, str(CURIOUS), json.dumps(order))) as pool:
            document, pages = pool.parse(path, document_id="d", as_kind="text")
    finally:
        del os.environ["CATENA_TEST_KEY"]
    assert document.status == "ready", document.message
    return dict(json.loads("".join(page.text for page in pages)))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What is worth stealing: a library, its originals, a key in the home folder, the system's users."""
    home = tmp_path_factory.mktemp("home")
    worth = [home / "library.db", home / "originals" / "a" / "b", home / ".ssh" / "id_ed25519"]
    for place in worth:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("secret")
    return [*worth, Path("/etc/passwd"), Path("/root/.bashrc"), Path(sys.argv[0]).absolute()]


@pytest.fixture(scope="module", params=["with Landlock", "without"])
def report(
    request: pytest.FixtureRequest, places: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    found = protection(Path("/nowhere"))
    has_landlock = request.param == "with Landlock"
    if has_landlock and not found["files"].startswith("Landlock"):
        pytest.skip(f"this kernel has no Landlock: {found['files']}")
    if not has_landlock and os.getuid() and found["network"].startswith("none"):
        pytest.skip("nobody but the system's administrator leaves the root folder here")
    return looked_around(tmp_path_factory.mktemp("curious"), places, has_landlock=has_landlock)


def test_the_document_is_read_by_its_descriptor(report: dict[str, Any]) -> None:
    assert report["document"] == "done"


def test_no_secrets_in_the_environment(report: dict[str, Any]) -> None:
    assert report["secret"] is None


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_nothing_else_is_in_reach(report: dict[str, Any], deed: str) -> None:
    assert report[deed] in REFUSED


def test_no_other_file_is_read_listed_changed_or_deleted(report: dict[str, Any], places: list[Path]) -> None:
    deeds = {
        name: said
        for name, said in report.items()
        if name.startswith(("read /", "list /", "mode ", "delete "))
    }
    assert len(deeds) == 4 * len(places)
    # Packages and their programs are read, never changed: tests are started by one of them.
    left = {name: said for name, said in deeds.items() if said not in REFUSED and sys.argv[0] not in name}
    assert left == {}
    assert all(place.exists() for place in places[:3])


def test_limits_are_set(report: dict[str, Any]) -> None:
    assert report["core"] == 0
    assert report["memory"] > 0


def test_no_descriptor_of_another_job(report: dict[str, Any]) -> None:
    assert report["sockets"] == 1
    assert report["open files"] == 5  # the three standard streams, which lead nowhere; to talk; the document


def test_without_landlock_it_is_another_user(places: list[Path], tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only an administrator becomes another user")
    assert looked_around(tmp_path, places, has_landlock=False)["user"] == 65534


def test_the_environment_is_a_short_list() -> None:
    given = {
        "PATH": "/bin",
        "OPENAI_API_KEY": "sk",
        "HTTPS_PROXY": "http://user:pass@host",
        "LANG": "C.UTF-8",
    }
    cleaned = clean_environment(given)
    assert set(cleaned) & set(given) == {"PATH", "LANG"}


def test_protection_is_told_in_words(tmp_path: Path) -> None:
    found = protection(tmp_path)
    assert set(found) == {"network", "files", "system calls", "limits", "reach"}
    if not any(said.startswith("none") for name, said in found.items() if name != "reach"):
        assert found["reach"] == "none of what it tried"


def test_what_does_not_hold_is_told(tmp_path: Path) -> None:
    """A process that is not confined reaches what it tries, so that `reach` can say so."""
    code = (
        "import os, sys; from catena.ingest.sandbox import protection; "
        "print(protection._reached(sys.argv[1], os.getppid()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert {"the library", "another process", "a socket", "a program"} <= set(done.stdout.strip().split(", "))


def test_the_child_ends_when_its_parent_goes() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, str(CURIOUS), "{}", str(theirs.fileno())]
    child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    theirs.close()
    assert ours.recv(1) == b"R"
    ours.close()
    assert child.wait(5) == 0
