"""An answer in OpenAI's form: text with a link to each page, and the same links as annotations with their quotes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from catena.agents.generative.markdown_sanitizer import neutral
from catena.render.harmless import harmless
from catena.render.wording import cells_name, printed

Json = dict[str, Any]
REFUSALS = ("not_in_document", "refused")
_FINISH = {"stopped": "length"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text, and its annotations, whose places count from the beginning of all of it."""

    text: str
    annotations: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChatReply:
    """The frame that all parts of one reply share."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answer: Json) -> Json:
        """Return the reply at once; `catena` holds the answer as `/v1/ask` gives it."""
        found = list(pieces(answer))
        message: Json = {
            "role": "assistant",
            "content": "".join(one.text for one in found),
            "refusal": refusal_of(answer),
            "annotations": [one for piece in found for one in piece.annotations],
        }
        choice = {"index": 0, "message": message, "finish_reason": finish_of(answer), "logprobs": None}
        return {
            **self._frame("chat.completion"),
            "choices": [choice],
            "usage": use_of(answer),
            "catena": answer,
        }

    def said(self, text: str) -> Json:
        """Return a reply that rests on no document."""
        message: Json = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {**self._frame("chat.completion"), "choices": [choice], "usage": use_of({})}

    def delta(self, new: Json, finish: str | None = None, **more: Any) -> Json:
        """Return a chunk of a reply that is streamed."""
        choice = {"index": 0, "delta": new, "finish_reason": finish, "logprobs": None}
        return {**self._frame("chat.completion.chunk"), "choices": [choice], **more}

    def deltas(self, answer: Json) -> Iterator[Json]:
        """Yield the chunks of an answer, the last with all of it as `catena`."""
        for piece in pieces(answer):
            yield self.delta(
                {"content": piece.text, **({"annotations": piece.annotations} if piece.annotations else {})}
            )
        if refusal := refusal_of(answer):
            yield self.delta({"refusal": refusal})
        yield self.delta({}, finish_of(answer), catena=answer)

    def use(self, answer: Json) -> Json:
        return {**self._frame("chat.completion.chunk"), "choices": [], "usage": use_of(answer)}

    def _frame(self, kind: str) -> Json:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def pieces(answer: Json) -> Iterator[Piece]:
    """Yield the statements, each with links to its quotes' pages; where nothing is stated, what is said instead."""
    stated = [(one["text"], one["citations"], one["support"]) for one in answer["statements"]]
    if not stated:
        stated = [(answer["text"], [], "unchecked")]
        if answer["citations"]:
            stated.append(("\n\nThe closest passages:", range(len(answer["citations"])), "unchecked"))
    place = 0
    for number, (text, cited, support) in enumerate(stated):
        piece = Piece((" " if number and not text.startswith("\n") else "") + neutral(harmless(text)))
        written = piece.text
        for citation in (answer["citations"][one] for one in cited):
            for part in citation["parts"]:
                link = f"[{page_name(part)}]({part['image']})"
                start = place + len(written) + 1
                written += f" {link}"
                piece.annotations.append(_annotation(start, start + len(link), citation, part, support))
        place += len(written)
        yield Piece(written, piece.annotations)


def page_name(part: Json) -> str:
    """Name a page by its number, and what is printed on it where that differs."""
    if cells := part.get("cells"):
        place = neutral(harmless(cells_name(part["sheet"], cells))).replace("]", "")
        return f"p. {part['page']}, {place}"
    said = printed(part["page"], neutral(harmless(part["label"])).replace("]", ""))
    return f"p. {part['page']}" + (f", {said}" if said else "")


def refusal_of(answer: Json) -> str | None:
    """What is said where the documents or the model give no answer; nothing for an answer."""
    return str(answer["text"]) if answer["status"] in REFUSALS else None


def finish_of(answer: Json) -> str:
    return _FINISH.get(answer["status"], "stop")


def use_of(answer: Json) -> Json:
    used = answer.get("usage", {})
    read, written = used.get("prompt_tokens", 0), used.get("completion_tokens", 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _annotation(start: int, end: int, citation: Json, part: Json, support: str) -> Json:
    """A citation of OpenAI's form, and what else proves it."""
    return {
        "type": "url_citation",
        "url_citation": {
            "start_index": start,
            "end_index": end,
            "title": f"{citation['title']}, {page_name(part)}",
            "url": part["image"],
            "quote": citation["quote"],
            "quote_status": citation["status"],
            "support": support,
            "document_id": citation["document_id"],
            "page": part["page"],
            "label": part["label"],
            "boxes": part["boxes"],
        },
    }
