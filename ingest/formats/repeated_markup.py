"""Markup that a manual repeats around each of its pages: lines for browsing, copyright, its own name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from catena.ingest.pagination.blocks import Block

_FEWEST_CHAPTERS = 6
_LEAST_SHARE = 0.5  # of the chapters have the same words at an end
_REACH = 8  # blocks from either end


def without_repeated(chapters: Sequence[list[Block]]) -> list[list[Block]]:
    """Take from the ends of chapters the blocks that stand at the ends of most, word for word."""
    if len(chapters) < _FEWEST_CHAPTERS:
        return list(chapters)
    counts = Counter(text for blocks in chapters for text in {block.text for block in _ends(blocks)})
    repeated = {text for text, number in counts.items() if number >= _LEAST_SHARE * len(chapters)}
    return [_trimmed(blocks, repeated) if repeated else blocks for blocks in chapters]


def _ends(blocks: list[Block]) -> list[Block]:
    return blocks[:_REACH] + blocks[max(_REACH, len(blocks) - _REACH) :]


def _trimmed(blocks: list[Block], repeated: set[str]) -> list[Block]:
    last = len(blocks) - _REACH
    return [
        block
        for at, block in enumerate(blocks)
        if not (block.text in repeated and (at < _REACH or at >= last) and block.section is None)
    ]
