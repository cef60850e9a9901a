"""The database of resumable runs: apart from the library, and never waiting for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiosqlite

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver


@asynccontextmanager
async def open_saver(path: Path | None) -> AsyncIterator[AsyncSqliteSaver | None]:
    """Open the checkpoints of `path`; no path, no checkpoints."""
    if path is None:
        yield None
        return
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # heavy

    path.parent.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(path) as connection:
        path.chmod(0o600)
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        await connection.execute("PRAGMA synchronous = NORMAL")
        yield saver


def forget(path: Path, document_id: str) -> int:
    """Delete every checkpoint of runs over a document; return how many runs that were."""
    if not path.exists():
        return 0
    with sqlite3.connect(path) as connection:
        pattern = f"%{document_id}%"
        rows = connection.execute(
            "SELECT DISTINCT thread_id FROM checkpoints WHERE CAST(metadata AS TEXT) LIKE ?", (pattern,)
        ).fetchall()
        for table in ("checkpoints", "writes"):
            connection.executemany(f"DELETE FROM {table} WHERE thread_id = ?", rows)
    connection.close()
    return len(rows)
