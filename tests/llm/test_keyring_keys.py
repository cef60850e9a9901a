"""Keys in the system's keyring: kept by provider and server, and never in one that writes plain files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catena.errors import OptionError
from catena.llm.credentials import forget_key, keep_key, kept_key

keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
backend = pytest.importorskip("keyring.backend")


class Memory(backend.KeyringBackend):  # type: ignore[misc, name-defined]
    priority = 5.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlainFile(Memory):
    priority = 0.5


@pytest.fixture(autouse=True)
def memory() -> Iterator[Memory]:
    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


def test_a_key_is_kept_for_its_provider_and_its_server() -> None:
    keep_key("sk-one", "OPENAI_API_KEY")
    keep_key("sk-two", "OPENAI_API_KEY", "http://localhost:8000/v1")
    assert kept_key("OPENAI_API_KEY") == "sk-one"
    assert kept_key("OPENAI_API_KEY", "http://localhost:8000/v1") == "sk-two"


def test_a_key_is_forgotten(memory: Memory) -> None:
    keep_key("sk-one", "OPENAI_API_KEY")
    forget_key("OPENAI_API_KEY")
    forget_key("OPENAI_API_KEY")
    assert kept_key("OPENAI_API_KEY") == "" and not memory.kept


def test_a_keyring_that_writes_plain_files_is_not_used() -> None:
    keyring.set_keyring(PlainFile())
    with pytest.raises(OptionError, match="no keyring that is safe"):
        keep_key("sk-one", "OPENAI_API_KEY")
