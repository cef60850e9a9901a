"""A system without /proc, as macOS, or a root of one's own: nothing needs it, and it is said what does not hold."""

from __future__ import annotations

import re
import resource
from pathlib import Path

from catena.environment import hide_secrets
from catena.files.sqlite_files import filesystem_of, journal_mode
from catena.ingest.confinement.confinement import can_open_paths, limit_memory

ROOT = Path(__file__).parents[3]
NAMED_ONCE = re.compile(r"^[A-Z_]+ = Path\(\"/proc[^\"]*\"\)", re.M)
FOLDERS = ("agents", "app", "bookqa", "catena", "ingest", "kv", "retrieval")


def test_without_proc_nothing_falls(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_AS)
    assert not can_open_paths(tmp_path)
    assert "no memory" in limit_memory(64, tmp_path) and resource.getrlimit(resource.RLIMIT_AS) == limits
    assert filesystem_of(tmp_path, tmp_path / "mountinfo") == "" and journal_mode("") == "WAL"
    hide_secrets(tmp_path)


def test_proc_is_read_by_a_path_that_can_be_given_alone() -> None:
    """But where a file of it is only opened to see that it cannot be, or named where its absence was asked before."""
    allowed = {"ingest/sandbox/protection.py", "ingest/given_file.py"}
    found = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            read = re.findall(r"[\"']/proc", NAMED_ONCE.sub("", text))
            if read and not path.is_symlink():
                found[str(path.relative_to(ROOT))] = len(read)
    assert set(found) <= allowed
