"""Votes of people between two answers to one question: pairwise outcomes, as an arena takes them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from catena.arguments import list_of, require_a, require_choice, require_number, require_text
from catena.errors import Damage, OptionError
from catena.library.checksums import covered, is_sound, sealed
from catena.library.database import Database, insert
from catena.library.schema import vote_documents, votes


@dataclass(frozen=True, slots=True)
class Vote:
    """`winner` is one of the two systems, or None for a tie; `voted_at` in seconds since 1970."""

    question: str
    first: str
    second: str
    winner: str | None
    document_ids: tuple[str, ...] = ()
    voted_at: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        for name in ("question", "first", "second"):
            require_text(name, getattr(self, name), is_filled=name != "question")
        if self.first == self.second:
            raise OptionError(
                f"A vote is between two systems, not {self.first!r} twice.", "Name another one."
            )
        require_choice("winner", self.winner, (self.first, self.second, None))
        about = tuple(list_of("document_ids", self.document_ids, str))
        for one in about:
            require_text("document_ids", one)
        object.__setattr__(self, "document_ids", about)  # one id is a tuple of itself
        require_number("voted_at", self.voted_at)


class Votes:
    """Votes that are kept; they go with the documents that were asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, vote: Vote) -> None:
        """Keep which of two answers somebody found better. Raises OptionError for what is no vote."""
        require_a(Vote, "vote", vote)
        values = {
            "question": vote.question,
            "first": vote.first,
            "second": vote.second,
            "winner": vote.winner,
            "voted_at": vote.voted_at,
        }
        with self._database.write() as connection:
            key = insert(connection, votes, sealed(votes, values))
            about = [{"vote_key": key, "document_id": one} for one in dict.fromkeys(vote.document_ids)]
            if about:
                connection.execute(vote_documents.insert(), about)

    def all(self) -> list[Vote]:
        """List every vote, oldest first."""
        return self._database.fetch(_read_votes)


def _read_votes(connection: Connection) -> list[Vote]:
    query = (
        select(votes, vote_documents.c.document_id)
        .join_from(votes, vote_documents, isouter=True)
        .order_by(votes.c.key, vote_documents.c.document_id)
    )
    rows = connection.execute(query).all()
    for row in rows:
        if not is_sound(votes, [*(row._mapping[one.name] for one in covered(votes)), row.checksum]):
            raise Damage("kept vote", key=row.key)
    about: dict[int, list[str]] = {row.key: [] for row in rows}
    for row in rows:
        about[row.key] += [row.document_id] if row.document_id else []
    return [
        Vote(row.question, row.first, row.second, row.winner, tuple(about[row.key]), row.voted_at)
        for row in {row.key: row for row in rows}.values()
    ]


def forget_votes(connection: Connection, document_id: str) -> None:
    """Delete the votes that are about a document."""
    about = select(vote_documents.c.vote_key).where(vote_documents.c.document_id == document_id)
    connection.execute(votes.delete().where(votes.c.key.in_(about)))
