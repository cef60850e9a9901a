"""What a provider's error means for the person who asked: our error, a remedy, and no key in either."""

from __future__ import annotations

import os
import re

from catena.errors import ModelBusy, ModelError, ModelRefused, ModelTimeout, ModelUnreachable

MAX_DETAIL = 240
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key|AIza)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|(?<=Bearer )\S+|(?<=://)[^/\s@]+@",
    re.IGNORECASE,
)


def explain(error: Exception, model: str, api_base: str | None) -> ModelError:
    """Turn an error of LiteLLM into ours."""
    problem = _explain(error, model, api_base)
    problem.retry_after = _retry_after(error)
    return problem


def _explain(error: Exception, model: str, api_base: str | None) -> ModelError:
    status = int(getattr(error, "status_code", 0) or 0)
    kind = type(error).__name__
    where = f" at {without_secrets(api_base)}" if api_base else ""
    if status in (401, 403):
        return ModelRefused(
            f"{model}{where} does not accept the key.",
            "Set the provider's key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY, and ask again.",
        )
    if status == 404:
        return ModelRefused(
            f"{model}{where} is not known.",
            "Check --model, and --api-base if you gave it (often ends in /v1).",
        )
    if status == 429:
        return ModelBusy(f"{model}{where} takes no more requests now.", "Wait, or take another model.")
    if kind == "Timeout" or status in (408, 504):
        return ModelTimeout(f"{model}{where} gave up waiting.", "Ask again, or take a faster model.")
    if kind == "ContextWindowExceededError":
        return ModelRefused(
            f"The passages are too long for {model}.",
            "Set CATENA_CONTEXT_WINDOW to the model's window in tokens.",
        )
    if kind in ("APIConnectionError", "APIResponseValidationError") or status >= 500:
        return ModelUnreachable(
            f"{model}{where} cannot be used: {_detail(error)}",
            "Is the server running? Check --api-base (CATENA_API_BASE) and the network, and ask again.",
        )
    return ModelRefused(
        f"{model}{where} refused the request: {_detail(error)}",
        "Check --model: a LiteLLM name has its provider in front, as in ollama/qwen3:8b.",
    )


def _retry_after(error: Exception) -> float | None:
    """The seconds that the server asks to wait, if it says."""
    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        return max(0.0, float((headers or {})["retry-after"]))
    except (KeyError, TypeError, ValueError):
        return None


def without_secrets(text: str) -> str:
    """Blot out every value that the environment keeps as a key, and what looks like one."""
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    return _LOOKS_SECRET.sub("***", text)


def _detail(error: Exception) -> str:
    """The provider's own words, in one short line."""
    text = re.split("Traceback \\(most recent|This looks like a bug in LiteLLM", str(error))[0]
    text = re.sub(r"\b(?:litellm\.)?\w+(?:Error|Exception)\b:?\s*(?:\w+Exception\b)?\s*-?\s*", "", text)
    text = " ".join(without_secrets(text).split())
    return text[:MAX_DETAIL].rstrip(" .") + "."
