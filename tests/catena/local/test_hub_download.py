"""A model from the Hub: a local server speaks as much of its protocol as a fetch needs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from catena.errors import ModelRefused, ModelUnreachable, OptionError
from catena.local.hub_download import Offer, fetch, look, wanted
from catena.local.model_catalogue import known
from catena.local.stored_models import LocalModel, Shelf
from tests.catena.local.conftest import gguf_bytes

pytest.importorskip("huggingface_hub")
BODY = gguf_bytes() + b"\0" * 300_000
NAME = "qwen3-4b"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server shall do, and what it was asked. `cut`: bytes after which each connection breaks."""

    body: bytes = BODY
    sha256: str = hashlib.sha256(BODY).hexdigest()
    fault: tuple[int, str] | None = None
    cut: list[int] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.hub.tokens.append(self.headers.get("authorization", ""))
        self._begin(len(self.hub.body))

    def do_GET(self) -> None:
        asked = self.headers.get("range", "")
        self.hub.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-") or 0)
        if not self._begin(len(self.hub.body) - start, 206 if asked else 200, start):
            return
        end = start + self.hub.cut.pop(0) if self.hub.cut else len(self.hub.body)
        self.wfile.write(self.hub.body[start:end])
        self.close_connection = True

    def _begin(self, length: int, code: int = 200, start: int = 0) -> bool:
        fault = self.hub.fault
        is_known = self.path.endswith(f"{known(NAME).repository}/resolve/{COMMIT}/{known(NAME).file}")
        is_known |= self.path.endswith(f"{known(NAME).repository}/resolve/main/{known(NAME).file}")
        if not is_known and fault is None:
            fault = (404, "EntryNotFound")
        self.send_response(fault[0] if fault else code)
        if fault:
            self.send_header("X-Error-Code", fault[1])
            self.send_header("X-Error-Message", "no")
        else:
            self.send_header("ETag", f'"{self.hub.sha256}"')
            self.send_header("X-Repo-Commit", COMMIT)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.hub.body) - 1}/{len(self.hub.body)}")
        self.send_header("Content-Length", "0" if fault else str(length))
        self.end_headers()
        return fault is None


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    found = Hub()
    handler = type("OneHub", (Handler,), {"hub": found})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    yield found
    server.shutdown()
    server.server_close()


def get(shelf: Shelf, name: str = NAME) -> LocalModel:
    return fetch(shelf, look(shelf, wanted(name)), lambda num_here: None)


def test_a_model_is_fetched_and_checked(hub: Hub, shelf: Shelf) -> None:
    told: list[int] = []
    added = fetch(shelf, look(shelf, wanted(NAME)), told.append)
    assert added.path.read_bytes() == BODY
    assert (added.licence, added.sha256) == ("Apache-2.0", hub.sha256)
    assert (told[0], told[-1]) == (0, len(BODY))
    assert not list((shelf.folder / ".parts").iterdir())


def test_a_cut_download_goes_on_where_it_broke(hub: Hub, shelf: Shelf) -> None:
    hub.cut = [100_000]
    assert get(shelf).path.read_bytes() == BODY
    assert hub.ranges == ["", "bytes=100000-"]


def test_a_later_fetch_goes_on_where_an_earlier_one_ended(hub: Hub, shelf: Shelf) -> None:
    hub.cut = [50_000, *[0] * 20]
    with pytest.raises(ModelUnreachable, match="goes on where this one ended"):
        get(shelf)
    hub.cut, hub.ranges = [], []
    assert look(shelf, wanted(NAME)).num_here == 50_000
    assert get(shelf).path.read_bytes() == BODY
    assert hub.ranges == ["bytes=50000-"]


def test_another_file_than_was_promised_is_deleted(hub: Hub, shelf: Shelf) -> None:
    hub.body = BODY[:-1] + b"x"
    with pytest.raises(ModelRefused, match="its SHA-256 is"):
        get(shelf)
    assert shelf.models() == []
    assert look(shelf, wanted(NAME)).num_here == 0


def test_a_file_that_is_no_model_is_not_taken(hub: Hub, shelf: Shelf) -> None:
    hub.body = b"<html>"
    hub.sha256 = hashlib.sha256(hub.body).hexdigest()
    with pytest.raises(OptionError, match="no language model"):
        get(shelf)


@pytest.mark.parametrize(
    ("fault", "error", "remedy"),
    [
        ((404, "RepoNotFound"), "has no repository", "catena model ls"),
        ((401, "RepoNotFound"), "has no repository", "HF_TOKEN"),
        ((404, "EntryNotFound"), "has no file", "FILE.gguf"),
        ((401, "GatedRepo"), "accept its licence", "HF_TOKEN"),
        ((403, "GatedRepo"), "accept its licence", "HF_TOKEN"),
    ],
)
def test_a_refusal_says_what_to_do(
    hub: Hub, shelf: Shelf, fault: tuple[int, str], error: str, remedy: str
) -> None:
    hub.fault = fault
    with pytest.raises(ModelRefused, match=error) as caught:
        look(shelf, wanted(NAME))
    assert remedy in caught.value.remedy


def test_a_hub_in_trouble_is_asked_again_later(hub: Hub, shelf: Shelf) -> None:
    hub.fault = (500, "")
    with pytest.raises(ModelUnreachable, match="could not be fetched"):
        look(shelf, wanted(NAME))


def test_offline_is_named(hub: Hub, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnreachable, match="HF_HUB_OFFLINE"):
        look(shelf, wanted(NAME))


def test_the_token_is_sent(hub: Hub, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnop")
    look(shelf, wanted(NAME))
    assert hub.tokens == ["Bearer hf_abcdefghijklmnop"]


def test_a_file_without_a_hash_is_refused(hub: Hub, shelf: Shelf) -> None:
    hub.sha256 = "abc"
    with pytest.raises(ModelRefused, match="no SHA-256"):
        look(shelf, wanted(NAME))


def test_a_full_disk_is_told_before(hub: Hub, shelf: Shelf) -> None:
    offer = look(shelf, wanted(NAME))
    huge = Offer(offer.wanted, offer.url, 1 << 60, offer.sha256)
    with pytest.raises(OptionError, match="free on the disk"):
        fetch(shelf, huge, lambda num_here: None)


def test_any_file_of_the_hub_can_be_named() -> None:
    what = wanted("someone/Some-GGUF/Some-Q4_K_M.gguf", "some")
    assert (what.name, what.repository, what.file) == ("some", "someone/Some-GGUF", "Some-Q4_K_M.gguf")


def test_the_command_shows_size_and_licence_and_asks(hub: Hub, home: Path) -> None:
    from catena.app.cli import cli

    refused = CliRunner().invoke(cli, ["model", "get", NAME], input="n\n")
    assert isinstance(refused.exception, OptionError)
    assert "0.0 GB; licence: Apache-2.0" in refused.output
    done = CliRunner().invoke(cli, ["model", "get", NAME, "--yes"])
    assert f"--model local/{NAME}" in done.output
    assert (home / "models" / NAME / "model.json").is_file()


def test_a_name_that_is_taken_is_not_fetched(hub: Hub, shelf: Shelf) -> None:
    get(shelf)
    with pytest.raises(OptionError, match="already"):
        look(shelf, wanted(NAME))
