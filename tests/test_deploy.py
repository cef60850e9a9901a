"""What `deploy/` copies, installs and starts is what there is; its steps are run by hand, in a chroot or an engine."""

from __future__ import annotations

import json
import re
import tomllib

from typer.testing import CliRunner

from catena.app.cli import cli
from tests.test_readme import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_all_of_the_package_is_copied() -> None:
    copied = {line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")}
    folders = {*PROJECT["tool"]["setuptools"]["package-dir"].values()}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert folders <= copied and {f"!{one}" for one in folders} <= {*ignored}


def test_the_extras_are_there() -> None:
    named = re.findall(r"\.\[([\w,]+)\]", DOCKERFILE)
    assert named and {*named[0].split(",")} <= PROJECT["project"]["optional-dependencies"].keys()


def test_the_options_of_the_server_are_there() -> None:
    started = json.loads(DOCKERFILE.split("\nCMD ")[1].splitlines()[0])
    unit = re.findall(r"catena serve (.*)", (ROOT / "deploy" / "catena.service").read_text("utf-8"))
    said = CliRunner().invoke(cli, ["serve", "--help"], terminal_width=200, color=False).output
    options = [one for one in (*started, *" ".join(unit).split()) if one.startswith("--")]
    assert started[0] == "serve" and options and all(one in said for one in options)
