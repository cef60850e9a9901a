"""What the tests of the models share: a store in memory, and models composed as the client does."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from catena.llm import wrappers
from catena.llm.protocol import LLM
from catena.llm_factory import LLMFactory
from catena.options import Limits
from catena.settings import load_settings
from catena.testing import StubModel

KEY = "sk-proj-3v3ryS3cretOne"


class MemoryStore:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get_call(self, key: str, /) -> str | None:
        return self.kept.get(key)

    def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None:
        self.kept[key] = response


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return KEY


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without waiting, so that a test needs no deadline that a busy machine may miss."""
    monkeypatch.setattr(wrappers, "FIRST_PAUSE", 0.01)


@pytest.fixture
def compose() -> Callable[..., LLM]:
    """The answering model of one question to a stub, with settings by name."""

    def composed(stub: StubModel | str, limits: Limits | None = None, **settings: object) -> LLM:
        url = stub if isinstance(stub, str) else stub.url
        factory = LLMFactory(load_settings(api_base=url, **settings), MemoryStore())
        return factory.open("openai/stub", [], limits or Limits()).answering

    return composed
