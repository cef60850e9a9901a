"""Keys and passwords of addresses stand nowhere, however a server echoes them."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import AnyStr
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from catena.app import cli
from catena.errors import CatenaError, OptionError
from catena.jobs.job_queue import open_jobs
from catena.kv.client.kv_client import KVServer
from catena.llm.credentials import _entry
from catena.llm.litellm_client import LiteLLM
from catena.llm.openai_request import address
from catena.llm.provider_errors import explain
from catena.llm.wire_format import Failed
from catena.options import AskOptions
from catena.question_runs import Run, Runs
from catena.redaction import LEAST, has_secret, public_address, without_secrets
from catena.render.harmless import HarmlessFormatter
from catena.settings import kept_settings, load_settings, public_settings

SECRETS = st.text(
    string.ascii_letters + string.digits + "-._~!$&'()*+,;=/?#%@: é", min_size=12, max_size=60
).filter(lambda text: len(set(text)) > 6 and text.strip() == text)
Echo = Callable[[str], str]
ECHOES: dict[str, Echo] = {
    "as it is": str,
    "quoted": lambda secret: quote(secret, safe=""),
    "quoted with plus": quote_plus,
    "quoted twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "quoted in small letters": lambda secret: quote(secret, safe="").lower(),
    "every byte quoted": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "HTML": html.escape,
    "entities": lambda secret: "".join(f"&#{ord(sign)};" for sign in secret),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "Base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "Basic": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
    "Base64 of a sentence": lambda secret: base64.b64encode(f"x{secret}, it said".encode()).decode(),
    "cut": lambda secret: secret[:LEAST],
    "cut later": lambda secret: secret[: LEAST + 3],
}


def address_with(secret: str) -> str:
    return f"http://me:{quote(secret, safe='')}@127.0.0.1:9/v1?api_key={quote(secret, safe='')}"


def leaks(said: str, secret: str, name: str) -> bool:
    """Whether eight signs of what was echoed are still there, or eight of the secret can be decoded."""
    if "Bas" in name:
        runs = re.findall(r"[\w+/-]{8,}", said.replace("-", "+").replace("_", "/"), re.ASCII)
        found = b" ".join(decoded(run[at:]) for run in runs for at in range(4))
        return has_part(found, secret.encode())
    return has_part(said, ECHOES[name](secret))


def has_part(said: AnyStr, whole: AnyStr) -> bool:
    return any(whole[at : at + LEAST] in said for at in range(len(whole) - LEAST + 1))


def decoded(run: str) -> bytes:
    return base64.b64decode(run[: len(run) // 4 * 4])


@settings(deadline=None, max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(secret=SECRETS, name=st.sampled_from(sorted(ECHOES)))
def test_what_a_server_echoes_of_a_secret_is_blotted_out(secret: str, name: str) -> None:
    where = address_with(secret)
    said = f"<<{ECHOES[name](secret)}>> is no key of ours"
    for status in (400, 404, 429, 500):
        assert not leaks(str(explain(Failed(said, status=status), "openai/x", where)), secret, name)
    assert not leaks(without_secrets(said, where), secret, name)
    LiteLLM("openai/x", where)  # from now on every error knows it
    assert not leaks(str(CatenaError(said)), secret, name)


@pytest.mark.parametrize("name", sorted(ECHOES))
def test_of_secrets_that_begin_alike_each_is_blotted_out_whole(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ["sk-proj-Quagga%40", "sk-proj-Zebra/of-the-plains", "sk-proj-Zebra/"]
    for number, key in enumerate(keys):
        monkeypatch.setenv(f"NUMBER{number}_API_KEY", key)
    for key in keys:
        assert not leaks(without_secrets(f"<<{ECHOES[name](key)}>>"), key, name)


@pytest.mark.parametrize("name", ["as it is", "Base64", "Base64 of a sentence", "hexadecimal", "quoted"])
def test_what_is_sent_of_a_password_is_a_secret_too(name: str) -> None:
    sent = ECHOES["Basic"]("Pa55word/of;mine")
    said = without_secrets(f"you sent {ECHOES[name](sent)}.", address_with("Pa55word/of;mine"))
    assert not leaks(said, sent, name)


@settings(deadline=None, max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(secret=SECRETS)
def test_an_address_that_is_shown_or_kept_holds_no_secret(secret: str) -> None:
    where = address_with(secret)
    assert has_secret(where) and public_address(where) == "http://***@127.0.0.1:9/v1?api_key=***"
    chosen = load_settings(api_base=where)
    faces = (
        json.dumps(public_settings(chosen)),
        repr(chosen),
        json.dumps(LiteLLM("openai/x", where).parameters),
        _entry("OPENAI_API_KEY", where),
    )
    for said in faces:
        assert not any(leaks(said, secret, name) for name in ("as it is", "quoted"))


@settings(deadline=None, max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(secret=SECRETS, name=st.sampled_from(sorted(ECHOES)))
def test_a_line_of_a_log_holds_no_secret(secret: str, name: str) -> None:
    load_settings(api_base=address_with(secret))
    record = logging.LogRecord("x", logging.WARNING, "x", 1, "said %s", (ECHOES[name](secret),), None)
    assert not leaks(HarmlessFormatter("%(message)s").format(record), secret, name)


@pytest.mark.parametrize(
    "plain",
    ["http://localhost:11434/v1", "https://x.example/openai/v1?api-version=2024-02-01", "not an address"],
)
def test_an_address_without_secrets_stays_as_it_is(plain: str) -> None:
    assert public_address(plain) == plain and not has_secret(plain)


def test_the_file_of_a_run_holds_no_secret_and_its_process_is_given_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = address_with("Zq7!correct-horse")
    runs = Runs(load_settings(api_base=where))
    runs.keep(Run("ab", "What?", (), AskOptions(), 0.0))
    written = json.dumps(open_jobs(home).named("ab").payload)
    assert "horse" not in written and "***" in written
    kept = json.loads(written)["settings"]
    with pytest.raises(OptionError, match="kept in no file"):
        kept_settings(kept)
    monkeypatch.setenv("CATENA_API_BASE", where)
    assert kept_settings(kept).api_base == where


def test_the_command_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CATENA_API_BASE", address_with("Zq7!correct-horse"))
    for arguments in (["config"], ["config", "--json"]):
        monkeypatch.setattr("sys.argv", ["catena", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
            raise SystemExit(0)
    out, err = capsys.readouterr()
    assert "horse" not in out + err and "***@127.0.0.1:9" in out


def test_a_server_of_kv_pages_takes_no_address_with_a_secret() -> None:
    with pytest.raises(OptionError, match="holds a key or a password") as caught:
        KVServer(address_with("Zq7!correct-horse"))
    assert "horse" not in str(caught.value)


def test_requests_go_before_the_question_mark_of_an_address() -> None:
    assert address("http://h/v1/?api_key=x") == "http://h/v1/chat/completions?api_key=x"
    assert address(" http://h/v1/ ") == "http://h/v1/chat/completions"
