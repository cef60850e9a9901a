"""Spans: what is traced of an add, a question and a model's call, in memory and over the wire; no text is in them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from catena import AskOptions, Catena, DocumentError, ModelError
from catena.telemetry import span
from catena.testing import Fault, StubModel

ASKED = "How long does the battery of the lantern last on one charge?"
START = "from catena.app.start import main; main()"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    made = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(made))
    trace.set_tracer_provider(provider)
    return made


@pytest.fixture
def spans(exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    exporter.clear()
    return exporter


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [one for one in spans.get_finished_spans() if one.name == name]


def test_a_question_is_traced_with_its_search_and_calls(spans: InMemorySpanExporter, manual: Path) -> None:
    with StubModel() as stub, Catena(model="openai/stub", api_base=stub.url) as c:
        document = c.add(manual)
        answer = c.ask(ASKED, options=AskOptions(strategy="retrieve"))
    (added,), (asked,) = named(spans, "catena.add"), named(spans, "catena.ask")
    assert added.attributes == {
        "catena.kind": document.kind,
        "catena.status": "ready",
        "catena.pages": document.num_pages,
    }
    inner = [*named(spans, "catena.retrieve"), *named(spans, "chat")]
    assert inner and {one.context.trace_id for one in inner} == {asked.context.trace_id}
    told, call = asked.attributes or {}, named(spans, "chat")[-1].attributes or {}
    assert told["catena.run_id"] == answer.run_id and told["catena.status"] == "answered"
    assert told["gen_ai.usage.input_tokens"] == answer.usage.prompt_tokens
    assert call["gen_ai.usage.output_tokens"] and call["catena.role"] == "answer"


def test_no_text_of_question_or_document_is_traced(spans: InMemorySpanExporter, manual: Path) -> None:
    with Catena() as c:
        c.add(manual)
        assert "forty hours" in c.ask(ASKED).text
    written = "".join(one.to_json() for one in spans.get_finished_spans())
    assert "catena.ask" in written
    assert not any(word in written for word in ("battery", "lantern", "forty"))


def test_an_error_is_named_by_its_class_alone(spans: InMemorySpanExporter, manual: Path) -> None:
    with (
        StubModel([Fault("says", status=400)] * 9) as stub,
        Catena(model="openai/stub", api_base=stub.url) as c,
    ):
        c.add(manual)
        with pytest.raises(ModelError):
            c.ask(ASKED, options=AskOptions(strategy="retrieve"))
    (asked,) = named(spans, "catena.ask")
    assert not asked.status.is_ok and not asked.events
    assert str((asked.attributes or {})["error.type"]).startswith("Model")


def test_a_message_of_an_error_is_not_traced(spans: InMemorySpanExporter) -> None:
    with pytest.raises(DocumentError), span("x", {"a": None}):
        raise DocumentError("unsupported", "The secret lantern.", "")
    assert "secret" not in named(spans, "x")[0].to_json()
    assert named(spans, "x")[0].attributes == {"error.type": "DocumentError"}


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A collector of OTLP over HTTP on a port of this machine, and what it was sent."""
    sent: list[ExportTraceServiceRequest] = []

    class Collect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sent.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collect)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        server.server_close()


def command(code: str, home: Path, *arguments: str, **environment: str) -> str:
    """What a command prints."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments, "--home", str(home)],
        env={**os.environ, "CATENA_BACKGROUND": "false", **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_command_sends_its_spans_where_the_environment_says(tmp_path: Path, manual: Path) -> None:
    with collector() as (url, sent):
        for arguments in (("add", str(manual)), ("ask", ASKED)):
            told = command(START, tmp_path / "home", *arguments, OTEL_EXPORTER_OTLP_ENDPOINT=url)
    assert "forty hours" in told
    scopes = [one for request in sent for group in request.resource_spans for one in group.scope_spans]
    assert {one.name for scope in scopes for one in scope.spans} >= {"catena.ask", "catena.add"}


def test_nothing_of_it_is_imported_where_nobody_traces(tmp_path: Path, manual: Path) -> None:
    code = f"import sys\n{START[:-8]}\ntry: main()\nfinally: print('opentelemetry.sdk' in sys.modules)"
    assert command(code, tmp_path / "home", "add", str(manual)).endswith("False\n")
