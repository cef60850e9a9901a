"""Errors as a client of the server is told them: problem+json (RFC 9457) with our reason and remedy."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from catena import errors
from catena.errors import CatenaError, DocumentError, ModelError

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[CatenaError], int] = {
    errors.DocumentNotFound: 404,
    errors.CollectionNotFound: 404,
    errors.RunNotFound: 404,
    errors.AmbiguousDocument: 409,
    errors.RunBusy: 409,
    errors.DocumentError: 422,
    errors.OptionError: 400,
    errors.LibraryFull: 507,
    errors.MissingExtra: 501,
    errors.ModelBusy: 429,
    errors.ModelTimeout: 504,
    errors.ModelUnsupported: 400,
    errors.ModelError: 502,
    errors.VectorStoreError: 503,
    errors.Stopped: 503,
    errors.CatenaError: 500,
}
"""The HTTP status of each class of errors: of the nearest of its bases that stands here."""
RETRY_AFTER_SECONDS = 5
_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong, and what to do now. `reason` is for programs, `remedy` for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:catena:problem:document-not-found",
                    "title": "Document not found",
                    "status": 404,
                    "detail": "There is no document '10k'.",
                    "remedy": "List them: `catena ls`.",
                    "reason": "document-not-found",
                    "retryable": False,
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    remedy: str = ""
    reason: str
    retryable: bool = False
    run_id: str | None = Field(default=None, description="The run to resume, where what was read is kept.")


class Parked(CatenaError):
    """A question that the server left before its end; `run_id` says by what it is resumed."""

    retryable = True

    def __init__(self, message: str, remedy: str, run_id: str | None = None) -> None:
        super().__init__(message, remedy)
        self.run_id = run_id


def problem_of(error: Exception) -> Problem:
    """Say an error of ours, of FastAPI's, or of nobody's."""
    if isinstance(error, CatenaError):
        return _of_ours(error)
    if isinstance(error, RequestValidationError):
        remedy = "GET /openapi.json says what is taken."
        return made(422, _first_problem(error), "invalid-request", remedy=remedy)
    if isinstance(error, HTTPException):
        return made(error.status_code, str(error.detail), _REASONS.get(error.status_code, "http-error"))
    _log.error("A request failed.", exc_info=error)
    return made(
        500, f"A fault of Catena's own: {type(error).__name__}.", "fault", remedy="Its log says where."
    )


def reply(problem: Problem, path: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Answer with a problem, under /openai in OpenAI's form."""
    headers = dict(headers or {})
    if problem.retryable:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if not path.startswith("/openai/"):
        return JSONResponse(
            problem.model_dump(exclude_none=True), problem.status, headers, media_type=MEDIA_TYPE
        )
    return JSONResponse(openai_error(problem), problem.status, headers)


def openai_error(problem: Problem) -> dict[str, object]:
    """Say a problem in OpenAI's form."""
    said = f"{problem.detail} {problem.remedy}".strip()
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    return {"error": {"message": said, "type": kind, "param": None, "code": problem.reason}}


def made(status: int, detail: str, reason: str, **more: object) -> Problem:
    """Make a problem of a reason in words with hyphens."""
    title = reason.replace("-", " ").capitalize()
    return Problem.model_validate(
        {
            "type": f"urn:catena:problem:{reason}",
            "title": title,
            "status": status,
            "detail": detail,
            "reason": reason,
            **more,
        }
    )


def _of_ours(error: CatenaError) -> Problem:
    status = (
        503
        if isinstance(error, Parked)
        else next(STATUS[one] for one in type(error).__mro__ if one in STATUS)
    )
    reason = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    if isinstance(error, DocumentError):
        reason, status = error.reason.replace("_", "-"), 413 if error.reason == "too_big" else status
    if status >= 500 and not isinstance(error, (ModelError, Parked)):
        _log.error("A request failed: %s", error)
    return made(
        status,
        error.message,
        reason,
        remedy=error.remedy,
        retryable=error.retryable,
        run_id=getattr(error, "run_id", None),
    )


_REASONS = {
    401: "wrong-key",
    403: "foreign-request",
    404: "no-such-route",
    405: "wrong-method",
    408: "too-slow",
    413: "too-large",
}


def _first_problem(error: RequestValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] == "json_invalid":
        return f"The body is not JSON: {first['ctx']['error']}."
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{where} is no field here."
    return f"{where}: {first['msg']}." if where else f"{first['msg']}."
