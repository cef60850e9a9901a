"""Passages packed into segments, in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catena.agents.state import Key
from catena.types import Passage


def pack(passages: Iterable[Passage], max_words: int) -> Iterator[list[Key]]:
    """Fill each segment greedily with whole passages of one document, never above `max_words` but for one."""
    segment: list[Key] = []
    num_words = 0
    document_id = ""
    for passage in passages:
        words = len(passage.text.split())
        is_new = passage.ref.document_id != document_id
        if segment and (is_new or num_words + words > max_words):
            yield segment
            segment, num_words = [], 0
        document_id = passage.ref.document_id
        segment.append((document_id, passage.ordinal))
        num_words += words
    if segment:
        yield segment
