"""One import name, one module object a file, in the checkout and in the wheel; no torch without asking."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agents", "app", "bookqa", "examples", "ingest", "kv", "retrieval")
CHECKOUT = (*FOLDERS, "benchmarks")
"""Of these `benchmarks` is for developers, and not in the wheel."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Imports every module of the package; says where it is and which names share a file.
SURVEY = """
import importlib, json, os, pkgutil, sys, warnings
import importlib.util
warnings.simplefilter("ignore")
import catena
for found in pkgutil.walk_packages(catena.__path__, "catena."):
    if not found.name.endswith(("streamlit_app", "__main__")):
        try:
            importlib.import_module(found.name)
        except ModuleNotFoundError as error:  # the extras `local` and `kernels`
            if error.name not in ("torch", "transformers", "safetensors", "xxhash", "triton"):
                raise
names = {}
for name, module in list(sys.modules.items()):
    if getattr(module, "__file__", None):
        names.setdefault(os.path.realpath(module.__file__), []).append(name)
ours = [found for found in names.values() if any(name.startswith("catena.") for name in found)]
bare = [name for name in FOLDERS if importlib.util.find_spec(name)]
print(json.dumps({"file": catena.__file__, "names": ours, "bare": bare}))
""".replace("FOLDERS", repr(CHECKOUT))


def survey(path: Path | None = None) -> Any:
    """Look at the package in a fresh interpreter that does not see the working folder."""
    code = SURVEY if path is None else f"import sys; sys.path.insert(0, {str(path)!r})\n{SURVEY}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the working tree, built with what is installed: no index is asked."""
    source = tmp_path_factory.mktemp("source") / "catena"
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "docs")
    shutil.copytree(ROOT, source, symlinks=True, ignore=ignored)
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=600)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def requirements(extra: str = "") -> set[str]:
    """The names that the project asks for, with or without an extra."""
    project = PROJECT["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {plain(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in lines}


def plain(name: str) -> str:
    """A package's name as locks write it."""
    return name.lower().replace("_", "-")


def test_each_file_of_the_checkout_is_one_module() -> None:
    found = survey()
    assert [names for names in found["names"] if len(names) > 1] == []
    assert found["bare"] == []


def test_each_file_of_the_wheel_is_one_module(unpacked: Path) -> None:
    found = survey(unpacked)
    assert found["file"] == str(unpacked / "catena" / "__init__.py")
    assert [names for names in found["names"] if len(names) > 1] == []
    assert found["bare"] == []


def test_the_wheel_has_every_module_of_the_checkout(unpacked: Path) -> None:
    have = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*.py")}
    want = {
        f"catena/{path.relative_to(ROOT)}" for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")
    }
    want |= {str(path.relative_to(ROOT)) for path in (ROOT / "catena").rglob("*.py")}
    assert have == want


def test_the_wheel_has_what_the_package_reads(unpacked: Path) -> None:
    carried = {"*.onnx", "*.json", "*.md", "*.toml", "*.txt"}
    data = {path for kind in carried for folder in FOLDERS for path in (ROOT / folder).rglob(kind)}
    missing = [path for path in data if not (unpacked / "catena" / path.relative_to(ROOT)).is_file()]
    assert missing == []
    assert (unpacked / "catena" / "py.typed").is_file()


def test_the_wheel_has_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "catena",
        f"catena_qa-{PROJECT['project']['version']}.dist-info",
    }
    assert len(names) == len(set(names))
    assert [name for name in names if "test" in name and "catena/testing/" not in name] == []


def test_the_wheel_has_the_licence_and_the_notices(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        licences = [name for name in archive.namelist() if "/licenses/" in name]
    assert {name.rsplit("/", 1)[-1] for name in licences} == {"LICENSE", "NOTICE"}


@pytest.mark.slow
def test_the_wheel_is_installed_by_its_name_and_runs(wheel: Path, tmp_path: Path) -> None:
    """Into an empty environment, from the wheel's folder alone; what it asks for is lent by ours."""
    place = tmp_path / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"]
    named = [*pip, "--no-index", "--no-deps", "--find-links", wheel.parent, PROJECT["project"]["name"]]
    subprocess.run(named, check=True)
    packages = next((place / "lib").glob("python*/site-packages"))
    lent = next(Path(one) for one in sys.path if one.endswith("site-packages"))
    (packages / "lent.pth").write_text(
        f"{lent}\n"
    )  # of a folder that is lent, no .pth is read: ours stays out
    (tmp_path / "clock.txt").write_text(
        "The tide clock in the hall was made in 1786 by Anna Brewer of Whitby.\n"
    )

    asked = called(place, tmp_path, "ask", "Who made the tide clock?", "--doc", "clock.txt")
    where = called(place, tmp_path, "--version")
    said = called(place, tmp_path, "eval", "robust", exit_code=1)
    assert "Anna Brewer" in asked
    assert where.startswith("catena ")
    assert "Get the source" in said
    assert any((packages / "catena").rglob("*.py"))


def called(place: Path, folder: Path, *words: str, exit_code: int = 0) -> str:
    environment = {"PATH": os.environ["PATH"], "CATENA_HOME": str(folder / "library"), "HOME": str(folder)}
    environment |= {"CATENA_BACKGROUND": "false"}
    done = subprocess.run(
        [place / "bin" / "catena", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == exit_code, done.stderr
    return done.stdout or done.stderr


def test_the_core_pulls_no_torch() -> None:
    heavy = {"torch", "transformers", "sentence-transformers", "streamlit", "ray"}
    assert requirements() & heavy == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_versions_only(lock: str) -> None:
    """No address of an index, no path, no torch and nothing of CUDA."""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==[^\s/:]+( ; [^/]+)?", line), line
        assert not line.startswith(("torch", "nvidia", "triton", "cuda"))


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ["", "ui"]), ("requirements-dev.lock", ["dev"])]
)
def test_a_lock_has_all_that_is_asked_for(lock: str, extras: list[str]) -> None:
    locked = {line.split("==")[0] for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()}
    wanted = {name for extra in extras for name in requirements(extra)}
    assert wanted - locked == set()


def test_whatever_is_imported_is_asked_for() -> None:
    """Nothing may be there only because another package happens to bring it."""
    extras = PROJECT["project"]["optional-dependencies"]
    asked = requirements().union(*(requirements(extra) for extra in extras))
    brought = packages_distributions()
    ours = {"catena", *CHECKOUT}
    roots = {name for folder in ("catena", *CHECKOUT) for name in imported_roots(ROOT / folder)}
    third = roots - ours - set(sys.stdlib_module_names)
    assert {name for name in third if not {plain(one) for one in brought.get(name, [name])} & asked} == set()


def imported_roots(folder: Path) -> set[str]:
    nodes = [
        node
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in names}
