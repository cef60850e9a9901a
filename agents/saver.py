"""Checkpoints of the graph's steps in SQLite. Imports LangGraph."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver

from catena.agents.journal import LOCK_SECONDS


class Saver(SqliteSaver):
    """LangGraph's own saver, each of its transactions in one trip to a thread; its asynchronous one makes three."""

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
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)


@contextmanager
def open_saver(path: Path | None) -> Iterator[Saver | None]:
    """Open the checkpoints of `path`; no path, no checkpoints."""
    if path is None:
        yield None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, check_same_thread=False)
    path.chmod(0o600)
    connection.execute("PRAGMA synchronous = NORMAL")
    saver = Saver(connection)
    try:
        yield saver
    finally:
        with saver.lock:  # a run that was cancelled leaves its last transaction to a thread
            connection.close()
