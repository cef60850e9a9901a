"""A folder and the library are in step, by path, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from catena.app import cli
from catena.benchmarks import synckills
from catena.client import Catena
from catena.errors import DocumentError, OptionError
from catena.folder_watch import REST_SECONDS, rested_changes
from catena.options import AddOptions
from catena.settings import Settings, load_settings


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home, background=False, parser_processes=1)


@pytest.fixture
def client(settings: Settings) -> Iterator[Catena]:
    with Catena(settings=settings) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "sub").mkdir(parents=True)
    (folder / "tower.txt").write_text("The tower of Arle is 120 metres high.")
    (folder / "sub" / "bern.md").write_text("Bern has a bear pit from 1513.")
    return folder


def actions(client: Catena, folder: Path, **options: bool) -> dict[str, str]:
    return {one.path.name: one.action for one in client.sync(folder, **options)}  # type: ignore[arg-type]


def standing(client: Catena) -> set[str]:
    return {Path(one.path).name for one in client.library.places() if one.successor is None}


def test_new_changed_renamed_and_vanished_files(client: Catena, folder: Path) -> None:
    assert actions(client, folder) == {"tower.txt": "added", "bern.md": "added"}
    assert actions(client, folder) == {"tower.txt": "unchanged", "bern.md": "unchanged"}
    (folder / "tower.txt").write_text("The tower of Arle is 150 metres high.")
    (folder / "sub" / "bern.md").rename(folder / "berne.md")
    expected = {"tower.txt": "updated", "berne.md": "known", "bern.md": "moved"}
    assert actions(client, folder, dry_run=True) == expected
    assert actions(client, folder) == expected
    (folder / "berne.md").unlink()
    assert actions(client, folder) == {"tower.txt": "unchanged", "berne.md": "retired"}
    assert [one.title for one in client.documents()] == ["tower"]
    assert client.library.check() == []


def test_a_dry_run_changes_nothing(client: Catena, folder: Path) -> None:
    assert actions(client, folder, dry_run=True) == {"tower.txt": "added", "bern.md": "added"}
    assert (client.documents(versions=True), client.library.original_ids()) == ([], [])


def test_delete_removes_what_vanished_with_its_versions(client: Catena, folder: Path) -> None:
    actions(client, folder)
    (folder / "tower.txt").write_text("The tower of Arle is 150 metres high.")
    actions(client, folder)
    (folder / "tower.txt").unlink()
    assert actions(client, folder) == {"bern.md": "unchanged", "tower.txt": "retired"}
    assert actions(client, folder, delete=True) == {"bern.md": "unchanged", "tower.txt": "removed"}
    assert [one.title for one in client.documents(versions=True)] == ["bern"]
    assert len(client.library.original_ids()) == 1


def test_what_comes_back_stands_again(client: Catena, folder: Path) -> None:
    actions(client, folder)
    text = (folder / "tower.txt").read_text()
    (folder / "tower.txt").unlink()
    actions(client, folder)
    (folder / "tower.txt").write_text(text)
    assert actions(client, folder)["tower.txt"] == "known"
    assert standing(client) == {"tower.txt", "bern.md"}


def test_a_file_that_cannot_be_read_leaves_the_version_before(client: Catena, folder: Path) -> None:
    actions(client, folder)
    (folder / "tower.txt").write_bytes(b"%PDF-1.7\nbroken")
    assert actions(client, folder)["tower.txt"] == "failed"
    assert "120" in client.ask("How high is the tower of Arle?").text


def test_documents_from_elsewhere_are_left_alone(client: Catena, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "papers-too"  # its name begins as the folder's does
    other.mkdir()
    (other / "x.txt").write_text("Something else.")
    client.add(other / "x.txt")
    (other / "x.txt").unlink()
    actions(client, folder)
    assert "x.txt" in standing(client)


def test_a_folder_that_is_gone_or_empty_removes_nothing(client: Catena, folder: Path) -> None:
    actions(client, folder)
    for path in (folder / "tower.txt", folder / "sub" / "bern.md"):
        path.unlink()
    with pytest.raises(OptionError, match="mounted"):
        actions(client, folder, delete=True)
    (folder / "sub").rmdir()
    folder.rmdir()
    with pytest.raises(DocumentError):
        actions(client, folder)
    assert standing(client) == {"tower.txt", "bern.md"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_what_cannot_be_looked_at_is_not_gone(client: Catena, folder: Path) -> None:
    actions(client, folder)
    (folder / "sub").chmod(0)
    try:
        actions(client, folder)
    finally:
        (folder / "sub").chmod(0o700)
    assert standing(client) == {"tower.txt", "bern.md"}


def mail(attached: dict[str, str]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Towers"
    message.set_content("The towers are attached.")
    for name, text in attached.items():
        message.add_attachment(text, filename=name)
    return message.as_bytes()


def test_what_is_attached_to_a_mail_stands_as_long_as_the_mail_does(client: Catena, folder: Path) -> None:
    letter = folder / "letter.eml"
    first = mail({"a.txt": "The tower of Arle is 120 metres high.\n", "b.txt": "Bern has a pit.\n"})
    letter.write_bytes(first)
    actions(client, folder)
    assert actions(client, folder)["letter.eml"] == "unchanged"
    assert {"a.txt", "b.txt"} <= standing(client)
    letter.write_bytes(mail({"a.txt": "The tower of Arle is 150 metres high.\n"}))
    assert actions(client, folder)["letter.eml"] == "updated"
    assert "a.txt" in standing(client) and "b.txt" not in standing(client)
    letter.write_bytes(first)
    actions(client, folder)
    assert {"letter.eml", "a.txt", "b.txt"} <= standing(client)
    letter.unlink()
    actions(client, folder)
    assert standing(client) == {"tower.txt", "bern.md"}


def test_all_of_a_folder_is_put_into_a_collection(client: Catena, folder: Path) -> None:
    client.add(folder / "tower.txt")
    assert len(list(client.sync(folder, options=AddOptions(collections=("Papers",))))) == 2
    assert len(client.documents("in:Papers")) == 2


def test_a_list_of_paths(client: Catena, folder: Path) -> None:
    listed = folder / "list"
    listed.write_text("# mine\n\ntower.txt\nnothing.txt\n")
    assert actions(client, listed) == {"tower.txt": "added", "nothing.txt": "failed"}
    (folder / "tower.txt").unlink()
    assert actions(client, listed) == {"nothing.txt": "failed", "tower.txt": "retired"}
    listed.write_bytes(b"\xff\x00")
    with pytest.raises(OptionError, match="no list"):
        actions(client, listed)


def test_an_address_in_a_list_is_fetched_where_that_is_allowed(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATENA_OFFLINE", "1")
    (folder / "list").write_text("https://example.org/a.pdf\n")
    with Catena(settings=load_settings(home=home, background=False, parser_processes=1)) as client:
        assert [one.action for one in client.sync(folder / "list", dry_run=True)] == ["fetched"]
        assert [one.action for one in client.sync(folder / "list")] == ["failed"]


def test_the_command_says_what_it_did(
    folder: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7\nbroken")
    monkeypatch.setattr(sys, "argv", ["catena", "sync", str(folder), "--json", "--home", str(home)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {Path(row["path"]).name: row["action"] for row in rows}["bad.pdf"] == "failed"
    assert (len(rows), ended.value.code) == (3, 1)


def test_a_watched_file_is_taken_once_it_rests(client: Catena, folder: Path) -> None:
    stop, slow = threading.Event(), folder / "slow.txt"
    looks = rested_changes(folder, stop)
    actions(client, folder)  # its files rest by then
    slow.write_text("The bridge ")
    first = next(looks)
    assert not first(str(slow))
    done = threading.Thread(target=_write_slowly, args=(slow,))
    done.start()
    look = next(one for one in looks if one(str(slow)))
    assert not done.is_alive()
    found: dict[str, str] = {one.path.name: one.action for one in client.sync(folder, is_wanted=look)}
    stop.set()
    assert (found, list(looks)) == ({"slow.txt": "added"}, [])


def _write_slowly(path: Path) -> None:
    with path.open("a") as file:
        for word in ("is ", "40 ", "metres ", "long."):
            threading.Event().wait(REST_SECONDS * 0.4)
            file.write(word)
            file.flush()


def test_a_folder_that_is_not_there_is_not_watched(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no folder"):
        next(rested_changes(tmp_path / "none"))


def test_kills_lose_nothing_and_let_no_old_version_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert synckills.run(6, seed=3) == (6, [])


@pytest.mark.parametrize(("before", "now"), [({}, {}), ({"01": "x"}, {"01": synckills.text_of("01", 9)})])
def test_what_stands_wrongly_would_be_seen(
    settings: Settings, tmp_path: Path, before: dict[str, str], now: dict[str, str]
) -> None:
    folder = tmp_path / "folder"
    synckills.write(folder, {"01": synckills.text_of("01", 1)})
    synckills.sync(settings, folder)
    assert synckills.verify(settings, before, now, is_whole=False)[0]
