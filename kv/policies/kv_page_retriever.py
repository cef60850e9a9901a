"""KV-page retrieval: the pages of a document that a model looks at when it answers, as `PageHit`s.

RetroLM (arXiv 2502.11444) and its relatives choose which KV pages a model sees; here the attention that they got is
summed over the text of each page of the document, so it can be compared with lexical and dense retrieval. What the
same prompt gets with no question in it ("N/A") is taken off: heads look at the beginning and the end whatever is asked
(the calibration of In-Context Re-Ranking, arXiv 2410.02642, section 3).
"""

from __future__ import annotations

import bisect
import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Protocol

from catena.errors import ModelRefused, Stopped
from catena.kv.client.kv_client import KVResult, KVServer
from catena.kv.client.served_ids import Key, ServedIds
from catena.kv.policies.policy import preset
from catena.types import Document, Page, PageHit, PageRef, Passage

POLL_SECONDS = 0.5
NO_QUESTION = "N/A"
Prompt = Callable[[str], str]
"""From a question to what stands behind the document."""
OnTokens = Callable[[str, int, int], None]
"""Called with a document's title, and its tokens read so far and in all, while the server reads it."""
BREAK = "\n"
PASSAGES_EACH = 4
"""Of a page: those that got the most attention."""
Share = tuple[int, int, float]
"""Start and end in the text, and the share of the attention."""


class Shelf(Protocol):
    """The part of a library that is needed."""

    def document(self, document_id: str, /) -> Document: ...
    def pages(self, document_id: str, /) -> Iterable[Page]: ...
    def passages(self, document_id: str, ordinals: Sequence[int] | None = None, /) -> Iterable[Passage]: ...


@dataclass(frozen=True, slots=True)
class Look:
    """Request to the server: a KV-page policy, and the share of the document that it shows."""

    policy: str = "quest"
    budget: float | None = None

    @property
    def reading(self) -> str:
        """The policy that a document must be read with to be looked at so. Raises OptionError for an unknown policy."""
        return self.policy if preset(self.policy).counted_window(1) else "full"


@dataclass(frozen=True, slots=True)
class Seen:
    """Reply about one document, and the pages that were looked at, most first."""

    document_id: str
    recalled: KVResult
    hits: tuple[PageHit, ...]


class KVPageRetriever:
    """Asks one model at one server. A document is sent and read at its first question, once."""

    def __init__(
        self,
        shelf: Shelf,
        server: KVServer,
        ids: ServedIds,
        *,
        model: str,
        look: Look | None = None,
        on_tokens: OnTokens | None = None,
    ) -> None:
        self._shelf = shelf
        self._server = server
        self._ids = ids
        self._model = model
        self._look = look or Look()
        self._on_tokens = on_tokens
        self._usual: dict[tuple[str, str], KVResult] = {}
        self._is_stopped = threading.Event()

    def stop(self) -> None:
        """End the wait for a document that the server is reading; the server reads on."""
        self._is_stopped.set()

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        """The `k` pages that the model looks at most; scores are shares of its attention on each document.

        Raises ModelError.
        """
        found = [hit for one in document_ids for hit in self.ask(question, one, k).hits]
        return sorted(found, key=lambda hit: -hit.score)[:k]

    def ask(self, question: str, document_id: str, k: int, prompt: Prompt = str, max_tokens: int = 1) -> Seen:
        """Return the model's text behind the document, and the `k` pages that it looks at most. Raises ModelError."""
        sent = SentText(list(self._shelf.passages(document_id)))
        served_id = self._served(document_id, sent)
        recalled = self._ask(served_id, prompt(question), max_tokens)
        nothing = prompt(NO_QUESTION)
        if (served_id, nothing) not in self._usual:
            self._usual[served_id, nothing] = self._ask(served_id, nothing, 1)
        usual = self._usual[served_id, nothing].spans
        return Seen(document_id, recalled, tuple(sent.hits(recalled.spans, usual, k)))

    def chances(self, document_id: str, prompt: str, count: int) -> KVResult:
        """Return what the model would say first behind a document, of `count` tokens. Raises ModelError."""
        served_id = self._served(document_id, SentText(list(self._shelf.passages(document_id))))
        return self._ask(served_id, prompt, 1, count)

    def _ask(self, served_id: str, prompt: str, max_tokens: int, num_alternatives: int = 0) -> KVResult:
        look = self._look
        return self._server.ask(
            served_id,
            prompt,
            model=self._model,
            policy=look.policy,
            budget=look.budget,
            max_tokens=max_tokens,
            num_alternatives=num_alternatives,
        )

    def _served(self, document_id: str, sent: SentText) -> str:
        """The document's id at the server, once it has read it."""
        reading = self._look.reading
        key = Key(self._server.name, self._model, document_id, reading, sent.digest)
        kept = self._ids.get(key)
        served = self._server.state(kept) if kept else None
        if served is None or served.status == "failed":
            rows = [] if reading == "full" else sent.rows(self._shelf.pages(document_id))
            served = self._server.add(sent.text, policy=reading, goes_first=rows)
            self._ids.put(key, served.id)
        title = self._shelf.document(document_id).title
        while served.status in ("queued", "reading"):
            if self._on_tokens:
                self._on_tokens(title, served.tokens_done, served.num_tokens)
            if self._is_stopped.wait(POLL_SECONDS):
                raise Stopped(f"The wait for {title} was ended.")
            state = self._server.state(served.id)
            if state is None:
                break
            served = state
        if served.status != "ready":
            raise ModelRefused(f"The server could not read {title}: {served.error}", "Its output says more.")
        return served.id


@dataclass(frozen=True)
class SentText:
    passages: Sequence[Passage]

    @cached_property
    def text(self) -> str:
        return BREAK.join(passage.text for passage in self.passages)

    @cached_property
    def digest(self) -> str:
        """Names the text: offsets in another one mean something else."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @cached_property
    def starts(self) -> Sequence[int]:
        return list(accumulate((len(one.text) + len(BREAK) for one in self.passages), initial=0))[:-1]

    def rows(self, pages: Iterable[Page]) -> list[tuple[int, int]]:
        """Start and end of the table rows."""
        lines = {page.ref: page.lines for page in pages}
        return [
            (start + max(line.start, one.start) - one.start, start + min(line.end, one.end) - one.start)
            for start, one in zip(self.starts, self.passages, strict=True)
            for line in lines.get(one.ref, ())
            if line.kind == "row" and line.start < one.end and one.start < line.end
        ]

    def hits(self, spans: Iterable[Share], usual: Iterable[Share], k: int) -> list[PageHit]:
        """The `k` best pages by the attention on spans of the text, less the usual, shared out by characters."""
        scores = [0.0] * len(self.passages)
        for start, end, share in (*spans, *((start, end, -share) for start, end, share in usual)):
            first = max(0, bisect.bisect_right(self.starts, start) - 1)
            for number in range(first, bisect.bisect_left(self.starts, end)):
                begin = self.starts[number]
                common = min(end, begin + len(self.passages[number].text)) - max(start, begin)
                scores[number] += share / (end - start) * max(0, common)
        return self._best(dict(enumerate(scores)), k)

    def _best(self, scores: Mapping[int, float], k: int) -> list[PageHit]:
        of_page: dict[PageRef, float] = {}
        looked: dict[PageRef, list[Passage]] = {}
        for number in sorted(scores, key=lambda number: -scores[number]):
            passage = self.passages[number]
            of_page[passage.ref] = of_page.get(passage.ref, 0.0) + scores[number]
            if scores[number] > 0:
                looked.setdefault(passage.ref, []).append(passage)
        best = sorted((ref for ref in of_page if of_page[ref] > 0), key=lambda ref: -of_page[ref])[:k]
        return [PageHit(ref, of_page[ref], "kv", tuple(looked[ref][:PASSAGES_EACH])) for ref in best]
