"""Models, shown without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catena.llm.credentials import PROVIDERS
from catena.local.stored_models import Shelf
from catena.testing import StubModel
from catena.testing.stub import refusing_url
from tests.app.test_reading_view import opened, texts
from tests.catena.local.conftest import gguf_bytes

OTHER = PROVIDERS[-1].name


def chosen(provider: str = OTHER) -> Any:
    page = opened("models_page")
    return next(box for box in page.selectbox if box.label == "Provider").set_value(provider).run()


def fill(page: Any, **values: str) -> Any:
    for field in page.text_input:
        if field.label.split(" ")[0] in values:
            field.set_value(values[field.label.split(" ")[0]])
    return next(button for button in page.run().button if button.label == "Test and use").click().run()


@pytest.mark.parametrize("provider", [provider.name for provider in PROVIDERS])
def test_every_provider_can_be_chosen(home: Path, provider: str) -> None:
    assert not chosen(provider).exception


def test_window_and_price_are_told_before_anything_is_asked(home: Path) -> None:
    assert "a million tokens\\: \\$0\\.15 read, \\$0\\.60 written" in texts(chosen("OpenAI"))


def test_a_model_that_answers_its_test_is_used_and_its_key_is_on_no_disk(home: Path) -> None:
    with StubModel() as stub:
        page = fill(chosen(), Model="stub", Address=stub.url, Key="sk-seen-by-nobody")
    assert not page.exception and page.radio[0].value == "openai/stub"
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"sk-seen-by-nobody" not in kept


def test_a_model_of_this_machine_can_be_chosen(home: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(gguf_bytes())
    assert "catena model get" in texts(opened("models_page"))
    Shelf(home / "models").add(tmp_path / "tiny.gguf")
    page = opened("models_page")
    assert page.radio[0].options == ["the embedded reader", "local/tiny"]
    assert page.radio[0].set_value("local/tiny").run().radio[0].value == "local/tiny"


def test_a_server_that_is_not_there_is_said_with_what_to_do(home: Path) -> None:
    page = fill(chosen(), Model="stub", Address=refusing_url(), Key="sk-x")
    assert "Not usable" in page.error[0].value and "Is the server running" in page.error[0].value
    assert page.radio[0].options == ["the embedded reader"]
