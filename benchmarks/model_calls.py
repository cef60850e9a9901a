"""`python -m catena.benchmarks.model_calls faults|budget|overhead|paths`: what the way to a model costs and withstands.

All of it over real HTTP against the stub server, which runs in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Literal

from catena.benchmarks.timing import Row, table
from catena.client import Catena
from catena.errors import ModelError, Stopped
from catena.llm import litellm_catalogue
from catena.llm.protocol import LLM
from catena.llm_factory import LLMFactory
from catena.options import AskOptions, Limits
from catena.settings import Settings, load_settings
from catena.testing import Fault, StubModel, refusing_url
from catena.testing.stub import FaultKind

MODEL = "openai/stub"
ASKED = [{"role": "user", "content": "Say something."}]
DEADLINE = 2.0
AT_ONCE = 50
PAIRS, PATH_PAIRS = 7, 3
BIRD = "heron"
"""Of which each part of the book tells something, so that the notes of two paths are never the same."""
PRICE = (1000.0, 2000.0)
"""USD per million tokens: so dear that rounding would show."""
FAULTS: Mapping[str, Fault | None] = {
    "refused connection": None,
    "429 with Retry-After": Fault("busy", 0.3),
    "500": Fault("broken"),
    "hang before headers": Fault("hang", 60),
    "one piece, then silence": Fault("stall", 60),
    "JSON cut short": Fault("cut"),
    "empty text": Fault("empty"),
    "another model": Fault("other"),
    "401": Fault("key"),
}
_WORDS = ("river", "house", "tree", "stone", "light", "water", "wind", "road", "bridge", "village", "winter")


class _NoStore:
    """Keeps nothing, so that every call is made."""

    def get_call(self, key: str, /) -> str | None:
        return None

    def put_call(self, key: str, response: str, document_ids: object, /) -> None:
        pass


def fault_rows(times: int) -> list[Row]:
    """Each kind of fault so many times, half of the calls streamed: when they end, and whether they say why."""
    return [_fault_row(name, fault, times) for name, fault in FAULTS.items()]


def _fault_row(name: str, fault: Fault | None, times: int) -> Row:
    kinds: list[FaultKind] = [fault.kind] if fault else []
    with StubModel([fault] * times * 4 if fault else []) as stub:
        url = stub.url if kinds else refusing_url()
        factory = LLMFactory(_settings(url, model_seconds=DEADLINE, model_silence=1.0), _NoStore())
        ends = asyncio.run(_ends(factory, times))
    slowest = max(seconds for seconds, _ in ends)
    said = {said for _, said in ends}
    is_told = all("answered by" in one if name == "another model" else one for one in said)
    is_right = slowest <= DEADLINE + 2 and is_told
    return Row(
        f"{name}, {times} times",
        f"≤ {DEADLINE + 2:g} s, told why",
        f"{'' if is_right else '**no**: '}{slowest:.2f} s at most; {sorted(said)[0]}",
    )


async def _ends(factory: LLMFactory, times: int) -> list[tuple[float, str]]:
    """Seconds of each call, and what it said in the end."""

    async def one(number: int) -> tuple[float, str]:
        llm = factory.open(MODEL, [], Limits()).answering
        begun = time.monotonic()
        try:
            done = await llm.complete(ASKED, max_tokens=50, on_text=_ignore if number % 2 else None)
            said = done.who
        except ModelError as error:
            said = error.message
        return time.monotonic() - begun, said

    return list(await asyncio.gather(*(one(number) for number in range(times))))


def budget_rows() -> list[Row]:
    """Many calls at once that stand at a cap: what the server was really asked, against the cap."""
    caps = {
        "calls": Limits(max_calls=20),
        "tokens": Limits(max_tokens=300),
        "money": Limits(max_cost_usd=0.5),
    }
    return [_budget_row(name, limits) for name, limits in caps.items()]


def _budget_row(name: str, limits: Limits) -> Row:
    with StubModel(["Yes, it is said so."] * AT_ONCE, latency=0.05) as stub:
        factory = LLMFactory(_settings(stub.url, prices={MODEL: PRICE}), _NoStore())
        models = factory.open(MODEL, [], limits)
        made = asyncio.run(_made(models.answering))
        num_requests = len(stub.requests())
    used = models.meter.usage
    spent, cap = {
        "calls": (float(num_requests), limits.max_calls),
        "tokens": (float(used.num_tokens), limits.max_tokens),
        "money": (used.cost_usd or 0.0, limits.max_cost_usd),
    }[name]
    assert cap is not None and made == num_requests == used.calls, "what was asked is what is counted"
    return Row(
        f"{AT_ONCE} calls at once, cap on {name}: overspent",
        "0",
        f"{max(0.0, spent - cap):g} ({spent:g} of {cap:g} spent, {made} made, {AT_ONCE - made} refused)",
    )


async def _made(llm: LLM) -> int:
    asked = (llm.complete(ASKED, max_tokens=50) for _ in range(AT_ONCE))
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert all(not isinstance(end, BaseException) or isinstance(end, Stopped) for end in ends), ends
    return sum(not isinstance(end, BaseException) for end in ends)


def overhead_rows(num_words: int, latency: float) -> list[Row]:
    """A chain over a book, with checkpoints and the kept calls, against a bare loop over the same requests."""
    with _opened(num_words, latency) as (catena, stub, requests):
        num_pairs = 1 if latency else PAIRS
        pairs = [_pair(catena, stub, f"Which falcon flew alone in year {n}?") for n in range(num_pairs)]
        names = [f"Which falcon of flock Q{number}Z flew?" for number in range(AT_ONCE)]
        together, asked, answers = _chains(catena, stub, names)
        per_question = [[one for one in asked if name in one["messages"][-1]["content"]] for name in names]
        loop = _timed(lambda: asyncio.run(_bare(stub.url, per_question)))
    num = len(requests)
    ideal = latency * max(len(one) for one in per_question)
    crossed = sum(sum(name in one["messages"][-1]["content"] for name in names) != 1 for one in asked)
    crossed += sum(answer.usage.calls != len(own) for answer, own in zip(answers, per_question, strict=True))
    lost = AT_ONCE * num - sum(len(one) for one in per_question)
    rows = [
        Row(f"per call of a chain of {num} (latency {latency:g} s), beyond the bare loop, median of {num_pairs} pairs",
            "≤ 10 ms", " ".join(f"{median(one) * 1000:.1f} ms {what}" for what, one in
            zip(("on the clock,", "of processor time"), zip(*pairs, strict=True), strict=True))),
        Row(f"{AT_ONCE} questions at once, {len(asked)} calls: share of the loop's throughput", "≥ 0.90",
            f"{loop / together:.2f} ({together:.1f} s, loop {loop:.1f} s)"),
        Row("calls lost; calls or counts crossed between questions", "0, 0", f"{lost}, {crossed}"),
    ]  # fmt: skip
    if latency:
        rows.insert(
            2, Row(f"the same, share of the ideal {ideal:.0f} s", "≥ 0.90", f"{ideal / together:.2f}")
        )
    return rows


def path_rows(num_words: int, latency: float) -> list[Row]:
    """A chain along five paths against another along one, in turns; what paths ask alike is asked once."""
    turns = []
    with _opened(num_words, latency, BIRD) as (catena, stub, _):
        for pair in range(PATH_PAIRS):
            one, of_one, _ = _chains(catena, stub, [f"Which {BIRD} flew over the river in year {pair}?"])
            name = f"Which {BIRD} flew over the river in winter {pair}?"
            five, of_five, _ = _chains(catena, stub, [name], num_paths=5)
            turns.append((one, five))
    told = ", ".join(f"{five:.1f} s for {one:.1f} s" for one, five in turns)
    what = (
        f"five paths ({len(of_five)} calls of {latency:g} s) against one ({len(of_one)}), {PATH_PAIRS} pairs"
    )
    return [Row(what, "≤ 1.2 ×", f"{median(five / one for one, five in turns):.2f} × ({told})")]


@contextmanager
def _opened(
    num_words: int, latency: float, bird: str = ""
) -> Iterator[tuple[Catena, StubModel, list[dict[str, Any]]]]:
    """A library with a book and a model to ask it with, all loaded; and the requests of one chain."""
    with tempfile.TemporaryDirectory() as folder, StubModel(latency=latency) as stub:
        file = Path(folder) / "book.txt"
        file.write_text(_book(num_words, bird))
        settings = _settings(
            stub.url, home=Path(folder) / "home", background=False, model_concurrency=AT_ONCE
        )
        with Catena(settings=settings) as catena:
            catena.add(file)
            litellm_catalogue.load()
            yield catena, stub, _chains(catena, stub, ["Which whale sang alone?"])[1]


def _pair(catena: Catena, stub: StubModel, name: str) -> tuple[float, float]:
    """Seconds of one chain beyond the same calls in a loop, for each call: on the clock, and of the processor."""
    clock, processor = time.monotonic(), time.process_time()
    _, requests, _ = _chains(catena, stub, [name])
    middle_clock, middle_processor = time.monotonic(), time.process_time()
    asyncio.run(_bare(stub.url, [requests]))
    loop_clock, loop_processor = time.monotonic() - middle_clock, time.process_time() - middle_processor
    return (
        (middle_clock - clock - loop_clock) / len(requests),
        (middle_processor - processor - loop_processor) / len(requests),
    )


def _chains(
    catena: Catena, stub: StubModel, names: Sequence[str], num_paths: Literal[1, 5] = 1
) -> tuple[float, list[dict[str, Any]], list[Any]]:
    """Ask all at once; return the seconds, the requests that were made, and the answers."""
    before = len(stub.requests())
    options = AskOptions(strategy="chain", paths=num_paths)

    async def together() -> list[Any]:
        return list(await asyncio.gather(*(catena.questions.ask(name, options=options) for name in names)))

    begun = time.monotonic()
    answers = asyncio.run(together())
    return time.monotonic() - begun, stub.requests()[before:], answers


async def _bare(url: str, questions: Sequence[Sequence[dict[str, Any]]]) -> None:
    """The five lines of a careful person: the same LiteLLM calls, nothing around them."""
    litellm = await litellm_catalogue.loaded()

    async def one(requests: Sequence[dict[str, Any]]) -> None:
        for request in requests:
            await litellm.acompletion(
                model=MODEL,
                api_base=url,
                api_key="none",
                messages=request["messages"],
                max_tokens=request["max_tokens"],
                temperature=0,
                num_retries=0,
                max_retries=0,
            )

    await asyncio.gather(*(one(requests) for requests in questions))


def _timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _book(num_words: int, bird: str) -> str:
    """Sentences of common words that answer nothing, and in each paragraph one about a bird, if there is one."""
    chance = random.Random(1)
    sentences = [
        " ".join(chance.choice(_WORDS) for _ in range(12)).capitalize() + "." for _ in range(num_words // 12)
    ]
    starts = range(0, len(sentences), 8)
    told = [f" The {bird} of nest {start} flew over the river." if bird else "" for start in starts]
    return "\n\n".join(
        " ".join(sentences[start : start + 8]) + one for start, one in zip(starts, told, strict=True)
    )


def _settings(url: str, **settings: object) -> Settings:
    return load_settings(api_base=url, model=MODEL, **settings)


def _ignore(text: str) -> None:
    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["faults", "budget", "overhead", "paths"])
    parser.add_argument("--times", type=int, default=20, help="how often each fault happens")
    parser.add_argument("--words", type=int, default=20_000, help="length of the book")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before the stub replies")
    given = parser.parse_args()
    if given.what == "overhead":
        rows = overhead_rows(given.words, given.latency)
    elif given.what == "paths":
        rows = path_rows(given.words, given.latency)
    else:
        litellm_catalogue.load()
        rows = fault_rows(given.times) if given.what == "faults" else budget_rows()
    print(table(rows))


if __name__ == "__main__":
    main()
