"""Checkpoints of the graph's steps in SQLite. Imports LangGraph."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.sqlite import SqliteSaver

from catena.agents.run_store import Checkpoints
from catena.library.checksums import digest_of
from catena.library.database import translated


class Checkpointer(SqliteSaver):
    """LangGraph's own checkpointer, a transaction in one trip to a thread; its asynchronous one makes three."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        with checkpoints.lock:
            super().__init__(checkpoints.connection)
        self._path = checkpoints.path or Path(":memory:")
        self.lock = checkpoints.lock  # type: ignore[assignment]  # a lock that its owner may take twice

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """Give LangGraph's own; of what fails nothing stays open, and the error is ours."""
        with self.lock, translated(self._path):
            try:
                with super().cursor(transaction) as cursor:
                    yield cursor
            except BaseException:
                self.conn.rollback()
                raise

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep the checksum of the row first: killed between the two, the run goes on from the checkpoint before."""
        kind, data = self.serde.dumps_typed(checkpoint)
        said = json.dumps(get_checkpoint_metadata(config, metadata), ensure_ascii=False).encode(
            "utf-8", "ignore"
        )
        run_id = str(config["configurable"]["thread_id"])
        checksum = digest_of((run_id, checkpoint["id"], kind, data, said))
        with self.cursor() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO checks VALUES (?, ?, ?)", (run_id, checkpoint["id"], checksum)
            )
        return super().put(config, checkpoint, metadata, new_versions)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that was kept last: its id is of the time of day, which may have been set back since."""
        asked = config["configurable"]
        if not asked.get("checkpoint_id"):
            query = "SELECT checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ? "
            with self.cursor(transaction=False) as cursor:
                key = (str(asked["thread_id"]), asked.get("checkpoint_ns", ""))
                row = cursor.execute(f"{query} ORDER BY rowid DESC LIMIT 1", key).fetchone()
            if row is None:
                return None
            named = {"checkpoint_ns": "", **asked, "checkpoint_id": row[0]}
            config = {**config, "configurable": named}
        return super().get_tuple(config)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return await asyncio.to_thread(self.get_tuple, config)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep nothing between two checkpoints: a step that is done again finds its calls in the library, and a
        path its workers in the journal."""


_SAVERS: WeakKeyDictionary[Checkpoints, Checkpointer] = WeakKeyDictionary()


def checkpointer_of(checkpoints: Checkpoints) -> Checkpointer:
    """The one checkpointer of a database: it looks once whether its tables are there."""
    if checkpoints not in _SAVERS:
        _SAVERS[checkpoints] = Checkpointer(checkpoints)
    return _SAVERS[checkpoints]
