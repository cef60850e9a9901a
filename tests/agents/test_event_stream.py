from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

from catena.agents.event_stream import AnswerText, streamed
from catena.agents.generative.markdown_sanitizer import MarkdownSanitizer, neutral
from catena.events import Event, OnEvent
from catena.types import Answer


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("Evidence: [6, 18]\nAnswer: It is red [6].", "It is red [6]."),
        ("It is red [6], and that is all.", "It is red [6], and that is all."),
        ("<think>Answer it</think>Evidence: [1]\n**Answer:** Red.\nMissing: why", "Red."),
        ("Answer: One.\nMany more.", "One.\nMany more."),
        ("Answer: ![x](http://a.example/?q=1) <img src=y>", "![x] (http://a.example/?q=1) < img src=y>"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_answer_alone_is_told_without_markup(reply: str, told: str, size: int) -> None:
    events: list[Event] = []
    show = AnswerText(events.append)
    for piece in [
        "Evidence: [1]\nAnswer: half",
        "",
        *(reply[n : n + size] for n in range(0, len(reply), size)),
    ]:
        show(piece)
    texts = [event.data["text"] for event in events]
    assert "".join(texts[texts.index(None) + 1 :]).strip() == told


def test_markup_cut_in_two_does_not_slip_through() -> None:
    whole = "a ![x](http://e.example) [y][z] <b>"
    for at in range(len(whole)):
        clean = MarkdownSanitizer()
        assert clean.feed(whole[:at]) + clean.feed(whole[at:]) == neutral(whole)


def test_closing_a_stream_cancels_the_work() -> None:
    ended: list[float] = []

    async def work(on_event: OnEvent) -> Answer:
        on_event(Event("route", "off we go"))
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(time.monotonic())
        raise AssertionError("nobody waits so long")

    async def listen() -> None:
        async with aclosing(streamed(work)) as events:
            async for event in events:
                assert event.kind == "route"
                break

    begun = time.monotonic()
    asyncio.run(listen())
    assert ended and ended[0] - begun < 1


def test_an_error_comes_after_the_events_before_it() -> None:
    async def work(on_event: OnEvent) -> Answer:
        on_event(Event("route", "off we go"))
        raise ValueError("broken")

    async def listen() -> list[str]:
        kinds: list[str] = []
        with pytest.raises(ValueError, match="broken"):
            async for event in streamed(work):
                kinds.append(event.kind)
        return kinds

    assert asyncio.run(listen()) == ["route"]
