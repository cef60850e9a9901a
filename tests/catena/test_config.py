"""Settings that make no sense are errors with a remedy, whatever file or variable they stand in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from catena.errors import OptionError
from catena.settings import Settings, kept_settings, load_settings, public_settings
from tests.catena.commands import catena


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"home = [", "no TOML"),
        (b"\xff\xfeh", "no TOML"),
        (b"\0", "no TOML"),
        (b'hme = "x"', "no setting 'hme'"),
        (b"[catena]\nhome = 'x'", "no setting 'catena'"),
        (b"parser_processes = 'many'", "'parser_processes' is not usable"),
        (b"model_seconds = -1", "'model_seconds' is not usable"),
        (b"home = 5", "'home' is not usable"),
        (b'home = ""', "names no folder"),
        (b'home = "a\\u0000b"', "names no folder"),
        (b'[prices]\n"openai/x" = [-1, 2]', "'prices.openai/x.0' is not usable"),
        (b'[prices]\n"openai/x" = [nan, 2]', "'prices.openai/x.0' is not usable"),
        (b'[prices]\n"openai/x" = [1]', "'prices.openai/x.1' is not usable"),
        (b'prices = "free"', "'prices' is not usable"),
    ],
)
def test_a_bad_file_of_settings_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    monkeypatch.setenv("CATENA_CONFIG", str(file))
    monkeypatch.delenv("CATENA_HOME")
    with pytest.raises(OptionError) as caught:
        load_settings()
    assert said in caught.value.message
    assert str(file) in str(caught.value) and caught.value.remedy


def test_a_setting_that_is_misspelt_comes_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("parser_proceses = 2")
    monkeypatch.setenv("CATENA_CONFIG", str(tmp_path / "config.toml"))
    with pytest.raises(OptionError, match="Is 'parser_processes' meant"):
        load_settings()


def test_settings_that_are_no_file_or_may_not_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATENA_CONFIG", str(tmp_path))
    with pytest.raises(OptionError, match="no file that can be read"):
        load_settings()
    monkeypatch.setenv("CATENA_CONFIG", str(tmp_path / "conifg.toml"))
    with pytest.raises(OptionError, match="conifg.toml, which CATENA_CONFIG names"):
        load_settings()
    (tmp_path / "config.toml").write_text("ocr = false")
    (tmp_path / "config.toml").chmod(0)
    monkeypatch.setenv("CATENA_CONFIG", str(tmp_path / "config.toml"))
    if not os.access(tmp_path / "config.toml", os.R_OK):
        with pytest.raises(OptionError, match="cannot be read"):
            load_settings()


def test_settings_are_few_and_rare_ones_are_in_groups() -> None:
    assert len(Settings.model_fields) <= 15
    assert Settings(parser_seconds=5, parser={"seconds": 9, "processes": 3}).parser.seconds == 5
    assert Settings(parser={"processes": 3}).parser.processes == 3


@pytest.mark.parametrize("content", ["[local]\nidle_seconds = 5", "local_idle_seconds = 5"])
def test_a_grouped_setting_is_read_by_both_names_and_a_variable_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "config.toml").write_text(content)
    monkeypatch.setenv("CATENA_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("CATENA_LOCAL_PROMPT_TOKENS", "7")
    assert (load_settings().local.idle_seconds, load_settings().local.prompt_tokens) == (5, 7)
    monkeypatch.setenv("CATENA_LOCAL_IDLE_SECONDS", "6")
    assert load_settings().local.idle_seconds == 6
    assert load_settings(local_idle_seconds=8.0).local.idle_seconds == 8


def test_settings_that_are_kept_are_read_again_and_older_ones_too() -> None:
    settings = load_settings(ocr=False, parser_seconds=3, model_concurrency=2)
    assert kept_settings(public_settings(settings)) == settings
    assert kept_settings({"ocr": False}).scans.is_read is False


def test_a_vector_store_is_a_name_or_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text(
        '[vector_store]\nmake = "a.b:C"\n[vector_store.client]\nmake = "d:e.f"\napi_key = "$MY_KEY"'
    )
    monkeypatch.setenv("CATENA_CONFIG", str(tmp_path / "config.toml"))
    settings = load_settings()
    assert settings.vector_store == {"make": "a.b:C", "client": {"make": "d:e.f", "api_key": "$MY_KEY"}}
    assert kept_settings(public_settings(settings)) == settings
    monkeypatch.setenv("CATENA_VECTOR_STORE", "a.b:D")
    assert load_settings().vector_store == "a.b:D"
    monkeypatch.setenv("CATENA_CONFIG", "")
    monkeypatch.setenv("CATENA_VECTOR_STORE", '{"make": "a.b:E"}')
    assert load_settings().vector_store == {"make": "a.b:E"}


@pytest.mark.parametrize(
    "store", ["qdrant", {"url": "x"}, {"make": "a:B", "api_key": "sk-1"}, {"make": "a:B", "u": "p://a:b@c"}]
)
def test_a_vector_store_that_is_none_or_holds_a_key_is_refused(store: object) -> None:
    with pytest.raises(OptionError, match="vector_store"):
        load_settings(vector_store=store)


@pytest.mark.parametrize(
    "bad", [{"ocr": "perhaps"}, {"parser": {"sekonds": 1}}, {"modell": "x"}, {"home": ""}]
)
def test_settings_of_your_own_are_refused_with_a_remedy(bad: dict[str, object]) -> None:
    with pytest.raises(OptionError) as caught:
        Settings(**bad)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CATENA_PRICES", "{x", "are JSON"),
        ("CATENA_PRICES", '{"a": [1, "NaN"]}', "CATENA_PRICES"),
        ("CATENA_MAX_PAGES", "ten", "CATENA_MAX_PAGES"),
        ("CATENA_HOME", "~nobody-of-this-name/x", "whole path"),
    ],
)
def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(OptionError) as caught:
        load_settings()
    assert said in str(caught.value) and caught.value.remedy


def test_an_empty_name_is_no_file_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATENA_CONFIG", "")
    assert load_settings().parser.max_pages == 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="a device of Linux")
def test_a_bad_file_and_a_full_output_end_the_command_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff")
    bad = catena("ls", CATENA_CONFIG=str(tmp_path / "config.toml"))
    assert (bad.returncode, "Traceback" in bad.stderr) == (1, False) and "no TOML" in bad.stderr
    with open("/dev/full", "w") as full:
        done = catena("config", stdout=full)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "could not be written: No space left" in done.stderr and "write elsewhere" in done.stderr
