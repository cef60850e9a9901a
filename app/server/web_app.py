"""The application behind `catena serve`: its routes, what is before them, and the way it starts and stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Scope

from catena.app.server import chat_routes, document_routes, question_routes
from catena.app.server.admission import Access, Admission
from catena.app.server.api_description import describe
from catena.app.server.mcp_server import make_mcp_server
from catena.app.server.problems import Problem, problem_of, reply
from catena.app.server.question_desk import ClientGone, DeskLimits, QuestionDesk
from catena.app.server.request_log import RequestLog
from catena.app.server.served import Served
from catena.client import Catena
from catena.errors import DISTRIBUTION, CatenaError
from catena.kv.server.body_limit import LimitBody

GONE = 499
"""The client went away; nobody reads this."""
ABOUT = (
    "Ask documents; each sentence of an answer comes with page, printed label, verbatim quote, boxes (in points, "
    "origin top left) and a mark of how far it is supported. Errors are problem+json, with a `reason` for programs "
    "and a `remedy` for people."
)
ROUTERS = (document_routes.router, question_routes.router, chat_routes.router)
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bytes of a request that is no upload, seconds for its body, what is asked at once; whether it is logged."""

    max_body_bytes: int = _MIB
    max_body_seconds: float = 300.0
    desk: DeskLimits = field(default_factory=DeskLimits)
    is_logged: bool = False


class State(BaseModel):
    """`warming`: it answers, and the first question takes seconds more."""

    status: str


def create_app(
    catena: Catena, access: Access, limits: ServerLimits | None = None, *, add_from: Sequence[Path] = ()
) -> FastAPI:
    """Make the application over one client, which the caller closes; `add_from`: folders of MCP's `add_document`."""
    limits = limits or ServerLimits()
    mcp = make_mcp_server(lambda: app.state.served, add_from=add_from)
    # Host and Origin are looked at before every route.
    mcp_app = mcp.streamable_http_app(
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False)
    )
    problem = {"model": Problem, "description": "See `reason` and `remedy`."}
    app = FastAPI(
        title="Catena",
        version=version(DISTRIBUTION),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(catena, access, limits, mcp),
        responses={"4XX": problem, "5XX": problem},
    )
    for kind in (CatenaError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _told)
    app.add_exception_handler(ClientGone, _unheard)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.extend(mcp_app.routes)
    app.get("/v1/health", tags=["server"])(health)
    app.get("/v1/ready", tags=["server"], responses={503: {"model": State}})(ready)
    app.openapi = describe(app)  # type: ignore[method-assign]
    app.add_middleware(LimitBody, max_bytes=_allowed(catena, limits), max_seconds=limits.max_body_seconds)
    app.add_middleware(Admission, access=access)
    app.add_middleware(RequestLog, is_written=limits.is_logged)
    return app


async def health() -> State:
    """Tell that the server runs. Asks no key."""
    return State(status="ok")


async def ready(request: Request, response: Response) -> State:
    """Tell whether the first question would be answered at once. Asks no key."""
    warming = request.app.state.warming
    is_warm = warming.done() and warming.exception() is None
    response.status_code = 200 if is_warm else 503
    return State(status="ready" if is_warm else "warming")


def serve(app: FastAPI, at: socket.socket, grace_seconds: float) -> None:
    """Serve at a socket that listens, until the process is asked to stop: then what is asked is finished or parked."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=round(grace_seconds) + 5
    )
    _Server(config).run(sockets=[at])


class _Server(uvicorn.Server):
    """Says at once that it will stop, so that what is asked can be parked while its clients still listen."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        desk: QuestionDesk | None = getattr(self.config.app.state, "desk", None)  # type: ignore[union-attr]
        if desk is not None and not self.should_exit:
            desk.stop()
        super().handle_exit(sig, frame)


def _lifespan(
    catena: Catena, access: Access, limits: ServerLimits, mcp: MCPServer[Any]
) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk = QuestionDesk(catena, limits.desk)
        app.state.desk, app.state.served = desk, Served(catena, desk, access)
        app.state.warming = asyncio.create_task(asyncio.to_thread(catena.warm))
        async with mcp.session_manager.run():
            yield
        desk.stopping.set()

    return lifespan


def _allowed(catena: Catena, limits: ServerLimits) -> Callable[[Scope], int]:
    """How many bytes a request may have: an upload as many as a file, and what its form takes."""
    most = catena.settings.parser.max_file_mib * _MIB + _MIB

    def allowed(scope: Scope) -> int:
        return most if scope["path"] == "/v1/documents" else limits.max_body_bytes

    return allowed


async def _told(request: Request, error: Exception) -> Response:
    problem, headers = problem_of(error), getattr(error, "headers", None)
    if problem.status == 405:
        headers = {**(headers or {}), "Allow": ", ".join(_methods(request))}
    return reply(problem, request.url.path, headers)


def _methods(request: Request) -> list[str]:
    """What this address takes: several routes may have it, and the router names those of the first."""
    routes = [*request.app.routes, *(route for router in ROUTERS for route in router.routes)]
    found = [
        route.methods or ()
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    return sorted({method for methods in found for method in methods})


async def _unheard(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)
