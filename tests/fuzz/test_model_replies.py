"""Made-up replies, bodies of model servers and requests to ours: each is read, refused or named, never a crash."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from catena.agents.event_stream import AnswerText
from catena.agents.generative.reply_parser import read_reply
from catena.agents.generative.worker_notes import read_note
from catena.kv.server.openai_protocol import ChatRequest, CompletionRequest, DocumentRequest
from catena.llm import openai_request
from catena.llm.spoken_text import spoken
from catena.llm.wire_format import Failed
from tests.fuzz.running import fuzz

KNOWN = range(1, 9)
_SCRAPS = st.sampled_from(
    [
        "Evidence:",
        "Answer:",
        "Ответ:",
        "答案：",
        "\n",
        "\n\n",
        "| a | b |\n|---|---|\n",
        "```json\n",
        "```",
        "{",
        "}",
        '"answer": "',
        "[1]",
        "[[2]](#x)",
        "(3)",
        "【4†L1】",
        "¹",
        "<cite>5</cite>",
        "<sup>",
        "</sup>",
        "<answer>",
        "</answer>",
        "<think>",
        "</think>",
        "[THINK]",
        "[/THINK]",
        "<|channel|>final<|message|>",
        "<|end|>",
        "</s>",
        "analysisWe",
        "assistantfinal",
        "\\boxed{",
        "\\frac{1}{2}",
        "Missing:",
        "References:\n",
        "NOT IN THE DOCUMENT",
        "It is red. ",
        "I'm sorry, I can't help.",
        "Let me know!",
        "\ud800",
        "\ue0c1",
    ]
)
REPLIES = st.lists(st.one_of(_SCRAPS, _SCRAPS, st.text(max_size=12)), max_size=40).map("".join)
_NAMES = st.sampled_from(
    [
        "choices",
        "message",
        "delta",
        "content",
        "text",
        "usage",
        "error",
        "finish_reason",
        "model",
        "prompt_tokens",
        "role",
        "type",
        "messages",
        "prompt",
        "max_tokens",
        "temperature",
        "stop",
        "kv",
        "tools",
        "token_ids",
        "stream",
        "stream_options",
        "policy",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=30,
)


def check_reply(text: str) -> None:
    heard = spoken(text)
    assert spoken(heard.text).text == heard.text
    reply = read_reply(text, KNOWN, "It is red (3).")
    for claim in (*reply.claims, *read_note(text, KNOWN)):
        assert claim.text.strip() and set(claim.numbers) <= set(KNOWN)
        assert not {"\ue0c1", "\ue0c2"} & set(claim.text)
        claim.text.encode()
    telling = AnswerText(lambda event: None)
    for start in range(0, len(text), 5):
        telling(text[start : start + 5])


def check_body(value: Any) -> None:
    text = json.dumps(value)
    events = f"data: {text}\n\ndata: [DONE]\n\n"
    for body in (text, text[: len(text) // 2], events):
        try:
            raw = openai_request._whole(body, "application/json")
        except Failed as failed:
            assert failed.text
        else:
            assert raw.prompt_tokens >= 0 and raw.completion_tokens >= 0


def check_request(value: Any) -> None:
    for kind in (ChatRequest, CompletionRequest, DocumentRequest):
        try:
            request = kind.model_validate(value)
        except ValidationError as error:
            assert error.errors()
        else:
            assert request.model_dump()


def test_replies() -> None:
    fuzz(check_reply, REPLIES)


def test_bodies_of_model_servers() -> None:
    fuzz(check_body, JSON)


def test_requests_to_our_server() -> None:
    fuzz(check_request, st.dictionaries(_NAMES, JSON, max_size=8))
