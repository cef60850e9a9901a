"""Answers that were given, and language model calls that need not be made again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catena.errors import Damage
from catena.library.checksums import columns, covered, is_sound, sealed
from catena.library.database import Database, insert
from catena.library.schema import answer_documents, answers, call_documents, calls
from catena.types import Thread


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`data` is the answer's JSON form (`catena.render.answer_json.to_json`)."""

    run_id: str
    thread_id: str
    created_at: float
    question: str
    data: Mapping[str, Any]


class History:
    """Answers and calls that are kept; both go with the documents they are about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_answer(self, run_id: str, thread_id: str, data: Mapping[str, Any] | str) -> None:
        """Keep an answer in its JSON form; the same run again replaces it."""
        form: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
        values = {
            "run_id": run_id,
            "thread_id": thread_id,
            "created_at": time.time(),
            "question": form.get("question", ""),
            "data": json.dumps(form, ensure_ascii=False),
        }
        with self._database.write() as connection:
            connection.execute(answers.delete().where(answers.c.run_id == run_id))
            key = insert(connection, answers, sealed(answers, values))
            about = [{"answer_key": key, "document_id": document_id} for document_id in _documents_of(form)]
            if about:
                connection.execute(answer_documents.insert(), about)

    def answers(self, limit: int = 50, *, thread_id: str | None = None) -> list[StoredAnswer]:
        """List the last answers, newest first, of one thread or of all."""
        query = select(answers).order_by(answers.c.key.desc()).limit(limit)
        if thread_id is not None:
            query = query.where(answers.c.thread_id == thread_id)
        return self._database.fetch(lambda connection: [_answer_of(row) for row in connection.execute(query)])

    def threads(self, limit: int | None = 50) -> list[Thread]:
        """List conversations, the one that was last asked first."""
        kept = answers.c
        spans = select(
            func.min(kept.key).label("first"), func.max(kept.key).label("last"), func.count().label("num")
        )
        ends = spans.group_by(kept.thread_id).subquery()
        begun = answers.alias().c
        query = (
            select(kept.thread_id, begun.question, kept.question, ends.c.num, kept.created_at)
            .join(ends, kept.key == ends.c.last)
            .join(begun.key.table, begun.key == ends.c.first)
        )
        with self._database.read() as connection:
            return [
                Thread(*row) for row in connection.execute(query.order_by(ends.c.last.desc()).limit(limit))
            ]

    def delete_thread(self, thread_id: str) -> list[str]:
        """Delete the answers of a conversation; return the ids of their runs."""
        of_thread = answers.c.thread_id == thread_id
        with self._database.write() as connection:
            run_ids = list(connection.execute(select(answers.c.run_id).where(of_thread)).scalars())
            connection.execute(answers.delete().where(of_thread))
        return run_ids

    def questions(self, limit: int = 50) -> list[tuple[str, str]]:
        """List the last answers' runs and questions, newest first: far less than `answers` reads."""
        query = select(answers.c.run_id, answers.c.question).order_by(answers.c.key.desc()).limit(limit)
        with self._database.read() as connection:
            return [(run_id, question) for run_id, question in connection.execute(query)]

    def answer(self, run_id: str) -> StoredAnswer | None:
        return self._database.fetch(_read_answer, run_id)

    def get_call(self, key: str, /) -> str | None:
        """Return the response that was kept for a request."""
        with self._database.read() as connection:
            row = connection.execute(select(*columns(calls)).where(calls.c.key == key)).first()
        if row is None or row.key != key or not is_sound(calls, row):
            return None  # one that is damaged is asked again, and kept anew
        return str(row.response)

    def put_call(self, key: str, response: str, document_ids: Iterable[str] = (), /) -> None:
        """Keep the response to a request; it goes when one of the documents it is about is removed.

        Where nothing can be written it is asked again another time.
        """
        if self._database.is_read_only:
            return
        with self._database.write(is_durable=False) as connection:
            connection.execute(calls.delete().where(calls.c.key == key))
            values = {"key": key, "created_at": time.time(), "response": response}
            connection.execute(calls.insert(), sealed(calls, values))
            about = [{"call_key": key, "document_id": document_id} for document_id in set(document_ids)]
            if about:
                connection.execute(call_documents.insert(), about)


def forget(connection: Connection, document_id: str) -> None:
    """Delete the answers and calls that are about a document."""
    of_answers = select(answer_documents.c.answer_key).where(answer_documents.c.document_id == document_id)
    connection.execute(answers.delete().where(answers.c.key.in_(of_answers)))
    of_calls = select(call_documents.c.call_key).where(call_documents.c.document_id == document_id)
    connection.execute(calls.delete().where(calls.c.key.in_(of_calls)))


def _documents_of(form: Mapping[str, Any]) -> list[str]:
    cited: Sequence[Mapping[str, Any]] = form.get("citations", ())
    covered: Sequence[Mapping[str, Any]] = form.get("coverage", {}).get("documents", ())
    return sorted({str(one["document_id"]) for one in (*cited, *covered)})


def _read_answer(connection: Connection, run_id: str) -> StoredAnswer | None:
    row = connection.execute(select(answers).where(answers.c.run_id == run_id)).first()
    return None if row is None else _answer_of(row)


def _answer_of(row: Row[Any]) -> StoredAnswer:
    if not is_sound(answers, [*(row._mapping[one.name] for one in covered(answers)), row.checksum]):
        raise Damage("kept answer", key=row.key)
    return StoredAnswer(row.run_id, row.thread_id, row.created_at, row.question, json.loads(row.data))
