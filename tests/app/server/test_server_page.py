"""What docs/server.md shows is what happens: its commands are run against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catena import Catena, load_settings
from tests.app.server.serving import KEY, served
from tests.test_readme import ROOT, read_steps, shape
from tests.test_recipes import LANTERN

PAGE = (ROOT / "docs" / "server.md").read_text("utf-8")
PLACE = "127.0.0.1:8600"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "lantern.txt").write_text(LANTERN, "utf-8")
    settings = load_settings(home=folder / "home", background=False)
    with Catena(settings=settings) as client, served(client) as address:
        client.add(folder / "lantern.txt")
        yield address


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_its_commands_print_what_it_says(url: str, tmp_path: Path) -> None:
    (tmp_path / "lantern.txt").write_text(LANTERN, "utf-8")
    place = url.removeprefix("http://")
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)
    for step in (step for block in blocks for step in read_steps(block)):
        done = subprocess.run(
            ["bash", "-c", step.command.replace(PLACE, place)],
            cwd=tmp_path,
            env={**os.environ, "CATENA_API_KEY": KEY},
            capture_output=True,
            text=True,
            timeout=300,
        )
        printed = "".join(done.stdout.replace(place, PLACE).split())
        assert shape("".join(step.output.split())).search(printed), f"$ {step.command}\n{printed}"


def test_its_python_runs(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    block = re.search(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    assert block
    exec(compile(block[1].replace(f"http://{PLACE}", url), "docs/server.md", "exec"), {})
    printed = capsys.readouterr().out
    assert (
        "catena/lantern" in printed and "[p. 1](" in printed and "Its battery lasts forty hours." in printed
    )


def test_every_route_stands_in_it(url: str) -> None:
    from catena.app.server import chat_routes, document_routes, question_routes

    routers = (document_routes.router, question_routes.router, chat_routes.router)
    for route in (route for router in routers for route in router.routes):
        parts = [part for part in route.path.split("/") if part and not part.startswith("{")]  # type: ignore[attr-defined]
        assert parts[-1] in PAGE or parts[0] == "openai", route
