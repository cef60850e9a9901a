"""What schemathesis loads in its own process: requests that name documents which are there, and one check more."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

NAMES = ("lantern", "bakery", "LANTERN")


@schemathesis.hook
def map_path_parameters(
    context: HookContext, path_parameters: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Name a document of the library in every other request."""
    name = (path_parameters or {}).get("name")
    if isinstance(name, str) and len(name) % 2:
        return {**(path_parameters or {}), "name": NAMES[len(name) % 3]}
    return path_parameters


@schemathesis.hook
def map_query(context: HookContext, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Wait for no upload: nobody reads it here."""
    wait = (query or {}).get("wait")
    return {**(query or {}), "wait": 0.5} if isinstance(wait, int | float) and 1 < wait <= 300 else query


@schemathesis.check
def is_not_refused_by_form(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Take what fits the description: it may be refused for its sense (an empty file), not for its form."""
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    is_json = "json" in response.headers.get("content-type", [""])[0]
    said = response.json() if is_json else {}
    assert not (is_valid and isinstance(said, dict) and said.get("reason") == "invalid-request"), said
