"""An engine's rows in steps of equal shape: on a GPU each step is one CUDA graph.

A document that fits is brought to the device whole, once, and stays while there is room; there is one decoder for each
policy that is asked with. What has no equal shapes, or does not fit, is asked as `generation` does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.kv.cache.device_pages import DevicePages
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.decoder import Decoder
from catena.kv.engine.decoder_buffers import Buffers, has_equal_shapes
from catena.kv.policies.policy import Policy
from catena.kv.policies.trained_retriever import PageRetriever

MAX_DECODERS = 4
"""Each has room for the tails of all rows, and its graphs."""
MIN_PAGES = 64
"""Width of the smallest tables; longer documents double it, so that few graphs serve all lengths."""
_Kind = tuple[Policy, int]


@dataclass(slots=True, eq=False)
class StaticRow:
    """One question in row `number` of a decoder; `logits` (V) are of the token after `last`."""

    decoder: Decoder
    number: int
    document: DocumentKV
    bytes_loaded: int
    logits: Tensor
    last: int = -1
    mass: None = None
    """The attention on KV pages is not counted here."""

    @property
    def num_pages(self) -> int:
        return self.decoder.num_pages(self.number)

    @property
    def num_keys(self) -> int:
        return self.num_pages * self.document.page_size

    def end(self) -> None:
        """Let another question have the row."""
        self.decoder.end(self.number)


class StaticRows:
    """`num_rows` a decoder, with `max_tail` tokens of question and answer each."""

    def __init__(
        self,
        model: Any,
        memory: DevicePages,
        *,
        num_rows: int,
        max_tail: int,
        retriever: PageRetriever | None = None,
    ) -> None:
        self._model = model
        self._memory = memory
        self._num_rows = num_rows
        self._max_tail = max_tail
        self._retriever = retriever
        self._decoders: OrderedDict[_Kind, Decoder] = OrderedDict()

    def ask(
        self, document: DocumentKV, policy: Policy, token_ids: Tensor, max_tokens: int
    ) -> StaticRow | None:
        """Take a question in, token ids (T); nothing where it cannot be answered in steps of equal shape.

        Raises StoreError for a document that is damaged.
        """
        if not self._suits(document, policy, len(token_ids) + max_tokens):
            return None
        decoder = self._decoder(policy, document.num_pages(0))
        number = decoder.free_row if decoder else None
        if decoder is None or number is None or not self._memory.has_room(document):
            return None
        num_bytes = self._memory.bytes_to_load(document)
        decoder.begin(number, document)
        try:
            logits = decoder.extend(number, token_ids)
        except RuntimeError:  # PyTorch's own, out of memory included
            decoder.end(number)
            raise
        return StaticRow(decoder, number, document, num_bytes, logits)

    def step(self, rows: Sequence[StaticRow], token_ids: Tensor) -> None:
        """Give each of B rows its next token, token ids (B); one pass for each decoder that they are in."""
        for decoder in {id(row.decoder): row.decoder for row in rows}.values():
            own = [n for n, row in enumerate(rows) if row.decoder is decoder]
            tokens = torch.zeros(self._num_rows, dtype=torch.int64)
            tokens[[rows[n].number for n in own]] = token_ids[own]
            logits = decoder.step(tokens)
            for n in own:
                rows[n].logits = logits[rows[n].number]

    def others(self, documents: Collection[DocumentKV]) -> list[DocumentKV]:
        """Those that are on the device and not among `documents`, unless they are being asked."""
        return [document for document in self._memory.idle() if document not in documents]

    def forget(self, document: DocumentKV) -> None:
        """Free what it has on the device."""
        self._memory.forget(document)

    def _suits(self, document: DocumentKV, policy: Policy, num_tokens: int) -> bool:
        is_whole = document.num_tokens > 0 and not document.is_part
        return is_whole and has_equal_shapes(policy) and num_tokens <= self._max_tail

    def _decoder(self, policy: Policy, num_pages: int) -> Decoder | None:
        """The decoder of that policy and width; where a new one has no room, an idle one goes, or there is none."""
        kind = policy, max(MIN_PAGES, 1 << (num_pages - 1).bit_length())
        if kind not in self._decoders:
            tail_pages = self._num_rows * -(-self._max_tail // self._memory.page_size)
            idle = [known for known, decoder in self._decoders.items() if decoder.is_idle]
            while idle and (len(self._decoders) >= MAX_DECODERS or not self._memory.has_slots(tail_pages)):
                self._decoders.pop(idle.pop(0)).close()
            if len(self._decoders) >= MAX_DECODERS or not self._memory.has_slots(tail_pages):
                return None
            buffers = Buffers(
                self._memory,
                policy,
                num_rows=self._num_rows,
                max_pages=kind[1],
                max_tail=self._max_tail,
                retriever=self._retriever,
            )
            self._decoders[kind] = Decoder(self._model, buffers)
        self._decoders.move_to_end(kind)
        return self._decoders[kind]
