"""One warm parser for all tests of ingest, and one that can be told to misbehave."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from catena.types import Document, Kind, Page

HOSTILE = Path(__file__).with_name("hostile_child.py")
Parse = Callable[..., tuple[Document, list[Page]]]


@pytest.fixture(scope="session")
def pool() -> Iterator[ParserPool]:
    with ParserPool(load_settings(parser_seconds=30)) as pool:
        yield pool


@pytest.fixture(scope="session")
def hostile_pool() -> Iterator[ParserPool]:
    settings = load_settings(parser_seconds=60, parser_memory_mib=256)
    with ParserPool(settings, command=(sys.executable, str(HOSTILE))) as pool:
        yield pool


@pytest.fixture(scope="session")
def impatient_pool() -> Iterator[ParserPool]:
    with ParserPool(load_settings(parser_seconds=1), command=(sys.executable, str(HOSTILE))) as pool:
        yield pool


@pytest.fixture
def parse(pool: ParserPool, tmp_path: Path) -> Parse:
    """Parse content given as a file of some name; returns the document and its pages."""

    def parse(
        name: str, content: bytes | str, kind: Kind | None = None, password: str | None = None
    ) -> tuple[Document, list[Page]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return parse_file(pool, path, kind, password)

    return parse


def parse_file(
    pool: ParserPool, path: Path, kind: Kind | None = None, password: str | None = None
) -> tuple[Document, list[Page]]:
    return pool.parse(path, document_id="d" * 64, as_kind=kind, password=password)
