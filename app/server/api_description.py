"""Describe the routes in OpenAPI 3.1 where FastAPI cannot know: forms of errors, streams, and what asks no key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from catena.app.server.admission import OPEN
from catena.app.server.problems import MEDIA_TYPE

Json = dict[str, Any]
OPENAI = "/openai/"
PICTURE = "/v1/documents/{name}/pages/{number}/image"
EVENT: Json = {
    "type": "object",
    "description": "One server-sent event.",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": {"type": "string", "description": "JSON."},
    },
    "required": ["data"],
}


class OpenAIFault(BaseModel):
    """What went wrong and what to do, in `message`; `code` is our reason."""

    message: str
    type: str
    param: str | None = None
    code: str


class OpenAIError(BaseModel):
    """An error as OpenAI's protocol has it."""

    error: OpenAIFault


def stream(about: str) -> dict[int | str, Json]:
    """Describe a reply of server-sent events, for `responses=`."""
    return {200: {"description": about, "content": {"text/event-stream": {"schema": EVENT}}}}


def describe(app: FastAPI) -> Callable[[], Json]:
    """Return the description that is served at /openapi.json, as FastAPI makes it and with what it cannot know."""
    plain = app.openapi

    def described() -> Json:
        form = plain()
        _, errors = models_json_schema(
            [(OpenAIError, "serialization")], ref_template="#/components/schemas/{model}"
        )
        form["components"]["schemas"] |= errors["$defs"]
        for path, operations in form["paths"].items():
            for operation in operations.values():
                _describe_errors(operation, is_openai=path.startswith(OPENAI))
                if path in OPEN:
                    operation["security"] = []
                elif path == PICTURE:
                    operation["security"] = [{"key": []}, {}]
        form["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        form["security"] = [{"key": []}]
        return form

    return described


def _describe_errors(operation: Json, *, is_openai: bool) -> None:
    for status in ("4XX", "5XX"):
        said = operation["responses"][status]
        schema = next(iter(said["content"].values()))
        openai = {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}
        said["content"] = openai if is_openai else {MEDIA_TYPE: schema}
