"""Provider errors told to the person who asked: our error, a remedy, and no key in either."""

from __future__ import annotations

import os
import re

from catena.errors import ModelBusy, ModelError, ModelRefused, ModelTimeout, ModelUnreachable
from catena.llm.credentials import WHERE, key_name
from catena.llm.openai_request import proxy_of
from catena.llm.spoken_text import legible
from catena.llm.wire_format import Failed, is_too_long, window_told
from catena.redaction import public_address, without_secrets

MAX_DETAIL = 240
_NO_QUOTA = re.compile(
    r"insufficient_quota|exceeded your (?:current|monthly) quota|quota (?:is )?(?:exhausted|exceeded)|billing|payment"
    r"|(?:insufficient|no|out of|not enough) (?:credit|balance|funds)|credit balance",
    re.IGNORECASE,
)


def explain(failed: Failed, model: str, api_base: str | None) -> ModelError:
    """Turn what a server said, or what happened to the connection, into our error."""
    problem = _explain(failed, model, api_base)
    problem.retry_after = failed.retry_after
    return problem


def _explain(failed: Failed, model: str, api_base: str | None) -> ModelError:
    status, said = failed.status, shortened(failed.text, api_base)
    where = f" at {public_address(api_base)}" if api_base else ""
    if failed.kind == "timeout" or status in (408, 504):
        return ModelTimeout(f"{model}{where} gave up waiting.", "Ask again, or take a faster model.")
    if status == 402 or (status in (400, 403, 429) and _NO_QUOTA.search(failed.text)):
        return ModelRefused(
            f"{model}{where} has no quota or credit left: {said}",
            "See the plan and billing of the provider, or take another model.",
        )
    if is_too_long(failed.text) and status not in (401, 403, 429):
        return _too_long(failed.text, said, model)
    if status in (401, 403):
        return _bad_key(model, where)
    if status == 429:
        return ModelBusy(f"{model}{where} takes no more requests now.", "Wait, or take another model.")
    if status == 404:
        return ModelRefused(
            f"{model}{where} is not known: {said}",
            "Check --model, and --api-base if you gave it (often ends in /v1).",
        )
    if failed.kind == "connection":
        return _unreachable(model, where, said, api_base)
    if failed.kind == "body" or status >= 500 or 300 <= status < 400:
        return ModelUnreachable(
            f"{model}{where} cannot be used: {said}",
            "Is it a model's server? Check --api-base (CATENA_API_BASE, often ends in /v1), and ask again.",
        )
    return ModelRefused(f"{model}{where} refused the request: {said}", _for_refusal(model, api_base))


def _for_refusal(model: str, api_base: str | None) -> str:
    if api_base or "/" in model:
        return "Change what it names, or take another model."
    return "Check --model: a LiteLLM name has its provider in front, as in ollama/qwen3:8b."


def _bad_key(model: str, where: str) -> ModelRefused:
    name = key_name(model)
    if not name:
        return ModelRefused(
            f"{model}{where} does not accept the key.",
            "Set the provider's key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY, and ask again.",
        )
    if not os.environ.get(name):
        return ModelRefused(
            f"{model}{where} needs a key, and {name} is not set.", f"Set it: {WHERE.format(name=name)}"
        )
    return ModelRefused(
        f"{model}{where} does not accept the key in {name}.", f"Set another: {WHERE.format(name=name)}"
    )


def _too_long(text: str, said: str, model: str) -> ModelRefused:
    window = window_told(text)
    setting = (
        f"CATENA_CONTEXT_WINDOW={window}"
        if window
        else "CATENA_CONTEXT_WINDOW to the model's window in tokens"
    )
    return ModelRefused(f"The passages are too long for {model}: {said}", f"Set {setting}.")


def _unreachable(model: str, where: str, said: str, api_base: str | None) -> ModelUnreachable:
    proxy = proxy_of(api_base or "https://")
    if proxy and "socks" in said.casefold():
        remedy = f"Install the package for it (pip install 'httpx[socks]'), or unset {proxy}."
        return ModelUnreachable(
            f"{model}{where} is to be reached through the SOCKS proxy of {proxy}: {said}", remedy
        )
    if proxy:
        return ModelUnreachable(
            f"{model}{where} cannot be reached through the proxy of {proxy}: {said}",
            f"Check the proxy, or add the server's host to NO_PROXY, or unset {proxy}.",
        )
    return ModelUnreachable(
        f"{model}{where} cannot be used: {said}",
        "Is the server running? Check --api-base (CATENA_API_BASE) and the network, and ask again.",
    )


def detail(error: Exception) -> str:
    """The provider's own words, out of an error of LiteLLM."""
    text = re.split("Traceback \\(most recent|This looks like a bug in LiteLLM", str(error))[0]
    return re.sub(r"\b(?:litellm\.)?\w+(?:Error|Exception)\b:?\s*(?:\w+Exception\b)?\s*-?\s*", "", text)


def shortened(text: str, api_base: str | None = None) -> str:
    """A server's words in one short line, without keys."""
    text = " ".join(without_secrets(legible(text), api_base).split())
    return text[:MAX_DETAIL].rstrip(" .") + "."
