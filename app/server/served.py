"""What the routes share: the client, the desk, and addresses of proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from catena.agents.citations.citation import boxes as boxes_of
from catena.app.server.admission import Access
from catena.app.server.question_desk import QuestionDesk
from catena.client import Catena
from catena.render.answer_json import to_json
from catena.types import Answer, Box, PageHit

Json = dict[str, Any]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str | None, Query(min_length=1, description="The `next` of the reply before.")]


@dataclass(frozen=True, slots=True)
class Served:
    """One library that is served; safe to use from several threads, but for the desk, which is the loop's."""

    catena: Catena
    desk: QuestionDesk
    access: Access

    def answer_json(self, answer: Answer | Mapping[str, Any], base: str | None) -> Json:
        """Return an answer's one JSON form, with the address of a picture for each part of a quote, if there is one."""
        form = to_json(answer) if isinstance(answer, Answer) else dict(answer)
        citations = [
            {**one, "parts": [self._with_image(one["document_id"], part, base) for part in one["parts"]]}
            for one in form["citations"]
        ]
        return {**form, "citations": citations}

    def hit_json(self, hit: PageHit, base: str | None) -> Json:
        """Return a page that was found, with the boxes of its passages. Raises DocumentNotFound."""
        document_id, number = hit.ref.document_id, hit.ref.number
        page = self.catena.page(document_id, number)
        found = [(one, boxes_of(page, one.start, one.end)) for one in hit.passages]
        every = [box for _, boxes in found for box in boxes]
        return {
            "document_id": document_id,
            "title": self.catena.document(document_id).title,
            "page": number,
            "label": page.label,
            "score": round(float(hit.score), 4),
            "retriever": hit.retriever,
            "passages": [
                {"text": one.text, "start": one.start, "end": one.end, "boxes": list(map(list, boxes))}
                for one, boxes in found
            ],
            "image": self._image(document_id, number, every, base),
        }

    def _with_image(self, document_id: str, part: Json, base: str | None) -> Json:
        return {**part, "image": self._image(document_id, part["page"], part["boxes"], base)}

    def _image(self, document_id: str, number: int, boxes: Sequence[Box], base: str | None) -> str:
        return "" if base is None else base + self.access.picture_path(document_id, number, boxes)


def served(request: Request) -> Served:
    found: Served = request.app.state.served
    return found


def base_of(request: Request) -> str:
    """The address that the client knows the server by."""
    return str(request.base_url).rstrip("/")


Server = Annotated[Served, Depends(served)]
Base = Annotated[str, Depends(base_of)]
