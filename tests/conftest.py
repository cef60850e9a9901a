"""What all tests share: a home of their own, no network, and the way to the development documents."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
KEPT = ("CATENA_DATA", "CATENA_TEST_GGUF", "CATENA_TEST_LONG")
"""Variables that say where the tests' own inputs are."""

# Before any of these packages is imported: they would ask the network on their own.
os.environ.update(
    HF_HUB_OFFLINE="1",
    LANGSMITH_TRACING="false",
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    STREAMLIT_BROWSER_GATHER_USAGE_STATS="false",
    TRANSFORMERS_OFFLINE="1",
)


def is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def refuse_network(event: str, args: tuple[Any, ...]) -> None:
    """Make every address but this machine's own an error (an audit hook: it also sees asyncio)."""
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if isinstance(address, tuple) and not is_loopback(address[0]):
            raise RuntimeError(f"a test tried to reach {address[0]}")
    elif event == "socket.getaddrinfo" and not is_loopback(args[0]):
        raise RuntimeError(f"a test tried to look up {args[0]}")


sys.addaudithook(refuse_network)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library folder of the test's own; settings of the person who runs the tests do not count."""
    for name in [name for name in os.environ if name.startswith("CATENA_") and name not in KEPT]:
        monkeypatch.delenv(name)
    folder = tmp_path / "catena-home"
    monkeypatch.setenv("CATENA_HOME", str(folder))
    monkeypatch.setenv("CATENA_CONFIG", "")
    monkeypatch.setenv("CATENA_BACKGROUND", "false")
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of development documents: $CATENA_DATA or ../shared/data."""
    folder = Path(os.environ.get("CATENA_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "questions.jsonl").is_file():
        pytest.skip(f"no development documents in {folder} (set CATENA_DATA)")
    return folder


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled example, typeset: a PDF of more than 600 pages. Takes five seconds."""
    path = tmp_path_factory.mktemp("book") / "jargon.pdf"
    command = [sys.executable, "-m", "catena.examples.build", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=600)
    return path


MANUAL = (
    "The Harbour Lantern\n\nThe Harbour Lantern is made by Brandt and Sons of Bergen. It is meant for small "
    "boats. Read this manual before you light it.",
    "Battery\n\nThe battery of the lantern lasts forty hours on one charge. Charge it with the cable that "
    "came with the lantern. A red light shows that the battery is low.",
    "Care\n\nWipe the glass with a dry cloth. Never open the case under water. The warranty covers five years.",
)


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    """A PDF of three pages with one fact or two on each."""
    import pymupdf

    path = tmp_path / "manual.pdf"
    with pymupdf.open() as document:
        for text in MANUAL:
            page = document.new_page(width=400, height=600)
            assert page.insert_textbox((40, 40, 360, 560), text, fontsize=12) > 0, "the text fits the page"
        document.save(path)
    return path


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process whose writes to the disk fail where it says so (`benchmarks/disk.c`)."""
    from catena.benchmarks import disk  # nothing of ours is loaded by tests that do not ask for it
    from catena.errors import OptionError

    try:
        built = disk.compile_disk(tmp_path_factory.mktemp("disk"))
    except OptionError as error:
        pytest.skip(f"{error.message} {error.remedy}")
    return {**os.environ, "LD_PRELOAD": str(built)}
