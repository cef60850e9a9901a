"""Spans of OpenTelemetry: questions, searches, calls of models, files that are read. Extra `tracing`.

They go where the program that uses Catena sends its own, or where OTEL_EXPORTER_OTLP_ENDPOINT says. No text of
questions or documents stands in them. Without either nothing of OpenTelemetry is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from catena.errors import DISTRIBUTION

Attributes = Mapping[str, str | int | float | bool | None]
"""None is left out."""
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def start_tracing() -> None:
    """Send spans over OTLP, where the environment names an address and the extra is installed."""
    if not any(map(os.environ.get, ENDPOINTS)) or find_spec("opentelemetry.exporter") is None:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "catena")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, attributes: Attributes) -> Iterator[Callable[[Attributes], None]]:
    """Record what is done inside; yields what takes the attributes that are known at its end alone.

    An error is named by its class alone: its message may hold what a document says.
    """
    if "opentelemetry.trace" not in sys.modules:
        yield lambda more: None
        return
    from opentelemetry.trace import Status, StatusCode, get_tracer

    with get_tracer(DISTRIBUTION).start_as_current_span(
        name, attributes=_known(attributes), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield lambda more: current.set_attributes(_known(more))
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def _known(attributes: Attributes) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}
