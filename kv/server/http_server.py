"""An OpenAI-compatible server over the engine, with documents that are read once: POST /v1/documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import torch
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.exceptions import HTTPException

from catena.errors import CatenaError, OptionError
from catena.kv.cache.kv_document import DocumentKV, Source
from catena.kv.engine.engine import AnswerUsage, Engine, Prompt
from catena.kv.engine.sampling import Sampling
from catena.kv.policies.policy import Policy, preset
from catena.kv.server import chat_template, openai_responses
from catena.kv.server.access import owner_of
from catena.kv.server.answer_stream import AnswerStream, failure
from catena.kv.server.body_limit import LimitBody
from catena.kv.server.openai_protocol import ChatRequest, CompletionRequest, DocumentRequest, KVOptions
from catena.request_origins import OwnAddress


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bytes of a request, seconds of an answer, and tokens of one that names no number."""

    max_body_bytes: int = 64 << 20
    max_seconds: float = 600.0
    default_tokens: int = 512


def create_app(
    engine: Engine,
    *,
    keys: Sequence[str] = (),
    start_key: str = "",
    own: OwnAddress | None = None,
    limits: ServerLimits | None = None,
) -> FastAPI:
    """Routes over one engine. With keys, each request needs one, and sees its own documents only.

    `start_key` is one more, which sees what nobody owns. `own`: what the server is called, else loopback's names.
    """
    own = own or OwnAddress()
    limits = limits or ServerLimits()
    app = FastAPI(title="Catena KV-page server", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(LimitBody, max_bytes=lambda scope: limits.max_body_bytes)
    server = _Server(engine, limits)

    @app.middleware("http")
    async def know_owner(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if objection := own.objection(request.scope):
            body = openai_responses.error_body(objection, "permission_error", "foreign_request")
            return JSONResponse(body, 403)
        owner = owner_of(request.headers.get("authorization", ""), keys, start_key)
        if owner is None and request.url.path != "/health":
            body = openai_responses.error_body(
                "The API key is missing or wrong.", "authentication_error", "invalid_api_key"
            )
            return JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"})
        request.state.owner = owner
        return await go_on(request)

    @app.exception_handler(CatenaError)
    async def say(request: Request, error: CatenaError) -> Response:
        return failure(error)

    @app.exception_handler(RequestValidationError)
    async def refuse(request: Request, error: RequestValidationError) -> Response:
        return JSONResponse(openai_responses.error_body(_first_problem(error)), 400)

    @app.exception_handler(Exception)
    async def name(request: Request, error: Exception) -> Response:
        message = f"The server failed: {type(error).__name__}. Its log says where."
        return JSONResponse(openai_responses.error_body(message, "server_error"), 500)

    @app.exception_handler(HTTPException)
    async def explain(request: Request, error: HTTPException) -> Response:
        return JSONResponse(openai_responses.error_body(str(error.detail)), error.status_code)

    app.post("/v1/chat/completions")(server.chat)
    app.post("/v1/completions")(server.complete)
    app.get("/v1/models")(server.models)
    app.get("/v1/models/{name:path}")(server.model)
    app.post("/v1/documents", status_code=202)(server.add_document)
    app.get("/v1/documents")(server.documents)
    app.get("/v1/documents/{key}")(server.document)
    app.delete("/v1/documents/{key}")(server.delete_document)
    app.get("/health")(server.health)
    app.get("/metrics")(server.metrics)
    app.get("/slots")(server.slots)
    return app


@dataclass(frozen=True, slots=True)
class _Asked:
    key: str
    document: DocumentKV | None
    token_ids: torch.Tensor


class _Server:
    """The routes; what they share is the engine."""

    def __init__(self, engine: Engine, limits: ServerLimits) -> None:
        self._engine = engine
        self._limits = limits
        self._counts = {"answers": 0, "prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0}

    async def chat(self, request: Request, body: ChatRequest) -> Response:
        messages = [message.plain() for message in body.messages]
        encode = chat_template.encode_question if body.kv.document_id else chat_template.encode_chat
        template = body.chat_template_kwargs.model_dump(exclude_none=True)
        token_ids = await asyncio.to_thread(encode, self._engine.local.tokenizer, messages, template)
        max_tokens = body.max_completion_tokens or body.max_tokens
        return await self._answer(
            request,
            body,
            openai_responses.Reply("chat", body.model),
            token_ids,
            max_tokens,
            body.num_alternatives,
        )

    async def complete(self, request: Request, body: CompletionRequest) -> Response:
        token_ids = await asyncio.to_thread(chat_template.encode, self._engine.local.tokenizer, body.prompt)
        return await self._answer(
            request, body, openai_responses.Reply("text", body.model), token_ids, body.max_tokens
        )

    async def models(self) -> openai_responses.Json:
        return {"object": "list", "data": [self._model()]}

    async def model(self, name: str) -> Response:
        is_here = name == self._engine.local.name
        return JSONResponse(self._model()) if is_here else self._other_model()

    def _model(self) -> openai_responses.Json:
        local = self._engine.local
        model = {"id": local.name, "object": "model", "created": 0, "owned_by": "catena"}
        return {**model, "max_model_len": local.spec.trained_length}

    def _other_model(self) -> Response:
        return _not_found(f"The model here is {self._engine.local.name}.", "model_not_found")

    async def add_document(self, request: Request, body: DocumentRequest) -> openai_responses.Json:
        tokenizer = self._engine.local.tokenizer
        if body.text is not None:
            source = await asyncio.to_thread(
                chat_template.encode_document, tokenizer, body.text, body.goes_first
            )
        else:
            source = Source(self._known_ids(body.token_ids or []))
        document = self._engine.registry.add(source, request.state.owner, policy=body.policy)
        self._engine.wake()
        return openai_responses.document_body(document)

    def _known_ids(self, token_ids: Sequence[int]) -> torch.Tensor:
        """Token ids (T). Raises OptionError for one that the model has no token for."""
        num_tokens = int(self._engine.local.model.config.vocab_size)
        if (largest := max(token_ids, default=0)) >= num_tokens:
            raise OptionError(
                f"The model has {num_tokens:,} tokens, and none of id {largest}.",
                "Give the ids of the model's own tokenizer, or the text.",
            )
        return torch.tensor(token_ids, dtype=torch.int64)

    async def documents(self, request: Request) -> openai_responses.Json:
        found = self._engine.registry.all(request.state.owner)
        return {"object": "list", "data": [openai_responses.document_body(document) for document in found]}

    async def document(self, request: Request, key: str) -> Response:
        document = self._engine.registry.get(key, request.state.owner)
        return JSONResponse(openai_responses.document_body(document)) if document else _no_document(key)

    async def delete_document(self, request: Request, key: str) -> Response:
        if not self._engine.registry.delete(key, request.state.owner):
            return _no_document(key)
        self._engine.wake()
        return JSONResponse({"id": key, "object": "document", "deleted": True})

    async def health(self) -> Response:
        is_well = self._engine.is_alive
        body = {"status": "ok" if is_well else "stopped", "model": self._engine.local.name}
        return JSONResponse(body, 200 if is_well else 503)

    async def slots(self) -> list[openai_responses.Json]:
        """Whether it works, and on which task, in llama.cpp's form."""
        engine = self._engine
        is_busy = bool(engine.num_active or engine.num_waiting or engine.registry.has_work)
        return [{"id": 0, "id_task": self._counts["answers"], "is_processing": is_busy}]

    async def metrics(self) -> Response:
        """Prometheus' text format."""
        pool = self._engine.registry.pool
        loads = pool.from_disk
        counters = {
            **self._counts,
            "kv_pages_loaded": loads.num_loaded,
            "kv_pages_hit": loads.num_hits,
            "kv_bytes_loaded": loads.num_bytes,
        }
        gauges = {
            "rows_active": self._engine.num_active,
            "rows_waiting": self._engine.num_waiting,
            "kv_pool_bytes": pool.num_bytes,
            "kv_pool_limit_bytes": pool.capacity * pool.record_bytes,
        }
        lines = [
            f"# TYPE catena_{name}_total counter\ncatena_{name}_total {n}" for name, n in counters.items()
        ]
        lines += [f"# TYPE catena_{name} gauge\ncatena_{name} {n}" for name, n in gauges.items()]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    async def _answer(
        self,
        request: Request,
        body: ChatRequest | CompletionRequest,
        reply: openai_responses.Reply,
        token_ids: torch.Tensor,
        max_tokens: int | None,
        num_alternatives: int = 0,
    ) -> Response:
        if body.model != self._engine.local.name:
            return self._other_model()
        if not len(token_ids):
            raise OptionError("The prompt is empty.", "Ask something.")
        owner = request.state.owner
        asked = await asyncio.to_thread(self._asked, body.kv.document_id, token_ids, owner)
        prompt = Prompt(
            asked.token_ids,
            policy_of(body.kv),
            asked.key,
            asked.document,
            Sampling(body.temperature, body.top_p, body.seed),
            max_tokens or self._limits.default_tokens,
            body.stops,
            wants_mass=body.kv.spans and asked.document is not None,
            num_alternatives=num_alternatives,
            owner=owner,
        )
        answer = AnswerStream(reply, self._limits.max_seconds, self._count)
        answer.job = self._engine.submit(prompt, answer.put)
        if not body.stream:
            return await answer.whole(request)
        wants_use = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(answer.stream(wants_use), media_type="text/event-stream")

    def _asked(self, key: str | None, token_ids: torch.Tensor, owner: str) -> _Asked:
        """The document that is named, or that the prompt begins with, and what is asked behind it."""
        if key:
            return _Asked(key, self._engine.registry.open(key, owner), token_ids)
        found = self._engine.registry.longest_prefix(token_ids, owner)
        if found is None:
            return _Asked("", None, token_ids)
        key, document, shared = found
        return _Asked(key, document.first(shared), token_ids[shared:])

    def _count(self, use: AnswerUsage) -> None:
        self._counts["answers"] += 1
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens"):
            self._counts[name] += getattr(use, name)


def policy_of(options: KVOptions) -> Policy:
    """The policy that a request asks for. Raises OptionError."""
    policy = preset(options.policy)
    if policy.score == "all" and options.budget not in (None, 1):
        raise OptionError(f"The policy {policy.name} sees everything.", "Leave budget out, or take quest.")
    return replace(policy, budget=options.budget) if options.budget else policy


def _no_document(key: str) -> Response:
    return _not_found(f"There is no document {key[:16]}.", "document_not_found")


def _not_found(message: str, code: str) -> Response:
    return JSONResponse(openai_responses.error_body(message, code=code), 404)


_UNSERVED = ("tools", "functions", "tool_choice", "function_call", "response_format.type")


def _first_problem(error: RequestValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] == "extra_forbidden" or where in _UNSERVED:
        return f"{where} is not supported."
    if first["type"] == "json_invalid":
        return f"The body is not JSON: {first['ctx']['error']}."
    return f"{where}: {first['msg']}" if where else str(first["msg"])
