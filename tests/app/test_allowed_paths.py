"""What the path box may add: files of allowed folders, however they are named, and behind no link out."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="the extra `ui` is not installed")

from catena.add_document import files_under
from catena.app.ui.upload import add_allowed, allowed_folders
from catena.errors import OptionError
from catena.settings import load_settings


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that is allowed and one beside it, with a note each."""
    allowed, other = tmp_path / "papers", tmp_path / "papers-private"
    for folder in (allowed, other):
        folder.mkdir()
        (folder / "note.txt").write_text("The pump is oiled on Mondays.\n", "utf-8")
    return allowed, other


def refuse(path: Path) -> None:
    raise AssertionError(f"{path} was added")


@pytest.mark.parametrize(
    "name", ["{other}", "{other}/note.txt", "{allowed}/../papers-private/note.txt", "{allowed}/..", "/", "/etc/passwd",
             "{allowed}/link", "{allowed}/folder/note.txt", "/no/such", "{other}/no/such"]
)  # fmt: skip
def test_nothing_else_is_added_and_nobody_learns_whether_it_is_there(
    places: tuple[Path, Path], name: str
) -> None:
    allowed, other = places
    (allowed / "link").symlink_to(other / "note.txt")
    (allowed / "folder").symlink_to(other)
    with pytest.raises(OptionError, match="is not in what this page may add from"):
        add_allowed(refuse, name.format(allowed=allowed, other=other), [allowed])


def test_links_out_of_a_folder_are_counted(places: tuple[Path, Path]) -> None:
    allowed, other = places
    (allowed / "inner").mkdir()
    (allowed / "inner" / "link.txt").symlink_to(other / "note.txt")
    (allowed / "folder").symlink_to(other)
    (allowed / "kept.txt").symlink_to(allowed / "note.txt")
    added: list[Path] = []
    assert add_allowed(added.append, str(allowed), [allowed]) == 2
    assert added == [allowed]
    assert [path.name for path in files_under(allowed)] == ["note.txt"]


def test_a_folder_is_added_by_its_true_name(places: tuple[Path, Path]) -> None:
    added: list[Path] = []
    assert add_allowed(added.append, f"{places[0]}/../papers/", [places[0]]) == 0
    assert added == [places[0]]


def test_the_home_folder_is_allowed_where_nobody_comes_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert allowed_folders(load_settings(), is_shared=False) == (tmp_path.resolve(),)
    assert allowed_folders(load_settings(), is_shared=True) == ()
    monkeypatch.setenv("CATENA_UI_FOLDERS", '["~/papers"]')
    assert allowed_folders(load_settings(), is_shared=True) == (tmp_path.resolve() / "papers",)
