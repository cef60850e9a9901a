"""Conversations: the answers that are kept of each, and their end."""

from __future__ import annotations

from catena.agents.run_store import Checkpoints
from catena.arguments import require_text, require_whole
from catena.errors import RunNotFound
from catena.library.library import Library
from catena.question_runs import Runs
from catena.render.answer_json import from_json
from catena.types import Answer, Thread


class Threads:
    """The conversations of one library; a question joins one by `AskOptions(thread_id=...)`."""

    def __init__(self, library: Library, runs: Runs, checkpoints: Checkpoints) -> None:
        self._library = library
        self._runs = runs
        self._checkpoints = checkpoints

    def all(self, limit: int | None = None) -> list[Thread]:
        """List the conversations that are kept, the one that was last asked first."""
        if limit is not None:
            require_whole("limit", limit)
        return self._library.history.threads(limit)

    def answers(self, limit: int = 20, *, thread_id: str | None = None) -> list[Answer]:
        """List the last answers, newest first, of one conversation or of all."""
        require_whole("limit", limit)
        if thread_id is not None:
            require_text("thread_id", thread_id)
        return [from_json(kept.data) for kept in self._library.history.answers(limit, thread_id=thread_id)]

    def delete(self, thread_id: str) -> int:
        """Delete what is kept of a conversation; return how many answers that were. Raises RunNotFound for none."""
        require_text("thread_id", thread_id)
        run_ids = self._library.history.delete_thread(thread_id)
        if not run_ids:
            raise RunNotFound(f"There is no conversation {thread_id!r}.", "List them: `catena threads`.")
        self._runs.delete(run_ids)
        self._checkpoints.delete(run_ids)
        return len(run_ids)
