"""What a parser process may not do: reach the network, read secrets, write files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from catena.ingest.isolation import clean_environment, network_isolation
from catena.ingest.pool import ParserPool
from catena.settings import load_settings

CURIOUS = Path(__file__).with_name("curious_child.py")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a parser finds when it looks around, told by the message of a failed document."""
    folder = tmp_path_factory.mktemp("curious")
    path = folder / "book"
    path.write_text("x")
    os.environ["CATENA_TEST_KEY"] = "sk-secret"
    try:
        with ParserPool(load_settings(), command=(sys.executable, str(CURIOUS))) as pool:
            document, _ = pool.parse(path, document_id="d", as_kind="text")
    finally:
        del os.environ["CATENA_TEST_KEY"]
    return dict(line.split("=", 1) for line in document.message.split(";"))


def test_no_secrets_in_the_environment(report: dict[str, str]) -> None:
    assert report["secret"] == "None"


def test_no_file_can_be_written(report: dict[str, str], tmp_path: Path) -> None:
    assert report["write"] == "File too large"


def test_no_network_where_the_system_allows(report: dict[str, str]) -> None:
    if network_isolation().startswith("none"):
        pytest.skip(f"this system keeps no process off the network: {network_isolation()}")
    assert report["network"] == "Network is unreachable"


def test_limits_are_set(report: dict[str, str]) -> None:
    assert report["core"] == "0"
    assert int(report["memory"]) > 0


def test_no_descriptor_of_another_job(report: dict[str, str]) -> None:
    assert int(report["sockets"]) == 1


def test_the_environment_is_a_short_list() -> None:
    given = {
        "PATH": "/bin",
        "OPENAI_API_KEY": "sk",
        "HTTPS_PROXY": "http://user:pass@host",
        "LANG": "C.UTF-8",
    }
    cleaned = clean_environment(given)
    assert set(cleaned) & set(given) == {"PATH", "LANG"}


def test_isolation_is_told_in_words() -> None:
    assert network_isolation().split(":")[0] in (
        "network namespace",
        "network namespace of a user namespace",
        "none",
    )


def test_the_child_ends_when_its_parent_goes() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, str(CURIOUS), str(theirs.fileno())]
    child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    theirs.close()
    assert ours.recv(1) == b"R"
    ours.close()
    assert child.wait(5) == 0
