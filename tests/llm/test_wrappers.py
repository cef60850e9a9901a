"""Each wrapper around a model that is scripted in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence

import pytest

from catena.errors import ModelBusy, ModelRefused, ModelTimeout, OptionError, Stopped
from catena.llm.budget import Budget, BudgetedLLM
from catena.llm.protocol import LLM, Completion, Price
from catena.llm.reply_cache import CachedLLM, CallCache, RecordingLLM
from catena.llm.usage import Meter, MeteredLLM
from catena.llm.wrappers import ConcurrencyGate, DeadlineLLM, FallbackLLM, LimitedLLM, RetryingLLM
from catena.options import Limits
from catena.testing import ScriptedLLM
from catena.types import RoleUsage, Usage
from tests.llm.conftest import MemoryStore

ASKED = [{"role": "user", "content": "Say something."}]
BUSY, REFUSED = ModelBusy("It is busy."), ModelRefused("It refused.")


def call(llm: LLM, max_tokens: int = 50, role: str = "answer") -> Completion:
    return asyncio.run(llm.complete(ASKED, max_tokens=max_tokens, role=role))


def calls(llm: LLM, num: int) -> list[Completion | BaseException]:
    """So many calls at once, and how each ended."""

    async def together() -> list[Completion | BaseException]:
        asked = (llm.complete(ASKED, max_tokens=50) for _ in range(num))
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(together())


# Retried


@pytest.mark.usefixtures("quick")
def test_a_retry_is_for_what_may_pass() -> None:
    passing, for_good = ScriptedLLM(BUSY, BUSY, "Here."), ScriptedLLM(REFUSED, "unused")
    assert call(RetryingLLM(passing, 9)).text == "Here."
    with pytest.raises(ModelRefused):
        call(RetryingLLM(for_good, 9))
    assert (len(passing.prompts), len(for_good.prompts)) == (3, 1)


def test_a_pause_that_outlasts_the_deadline_is_not_waited_for() -> None:
    busy = ModelBusy("It is busy.")
    busy.retry_after = 60
    with pytest.raises(ModelBusy):
        call(RetryingLLM(ScriptedLLM(busy), 30))


@pytest.mark.usefixtures("quick")
def test_a_deadline_says_what_went_wrong_before() -> None:
    with pytest.raises(ModelTimeout, match=r"within 0\.3 s\. Before that: It is busy\."):
        call(RetryingLLM(ScriptedLLM(BUSY, seconds=0.2), 0.3))


def test_the_time_of_a_question_is_for_all_its_calls() -> None:
    llm = DeadlineLLM(ScriptedLLM("Here.", seconds=0.2), 0.3)
    ended = [type(end) for end in calls(LimitedLLM(llm, ConcurrencyGate(1)), 3)]
    assert ended == [Completion, Stopped, Stopped]


# Cached and Keeping


def keeping(llm: LLM, store: MemoryStore, model: str = "a") -> CachedLLM:
    calls = CallCache(store, {"model": model}, ["doc"])
    return CachedLLM(RecordingLLM(llm, calls), calls)


def test_the_same_request_is_served_from_the_library() -> None:
    llm, store = ScriptedLLM("Here.", price=Price(1, 1)), MemoryStore()
    cached = keeping(llm, store)
    first, second = call(cached), call(cached)
    assert (first.is_cached, second.is_cached, len(llm.prompts)) == (False, True, 1)
    assert second.cost_usd == 0 and second.text == "Here." and second.who == first.who


def test_what_a_reply_might_have_been_is_kept_with_it() -> None:
    calls, done = (
        CallCache(MemoryStore(), {"model": "a"}, ["doc"]),
        Completion("Yes", "m", alternatives={"No": -2.5}),
    )
    asyncio.run(calls.put([], 4, done))
    kept = asyncio.run(calls.get([], 4))
    assert kept is not None and kept.alternatives == {"No": -2.5}


def test_anything_else_about_a_request_is_another_request() -> None:
    llm, store = ScriptedLLM("Here."), MemoryStore()
    for model, max_tokens in (("a", 50), ("a", 51), ("b", 50)):
        call(keeping(llm, store, model), max_tokens)
    assert len(llm.prompts) == len(store.kept) == 3


def test_a_call_that_failed_is_not_kept() -> None:
    store = MemoryStore()
    with pytest.raises(ModelRefused):
        call(keeping(ScriptedLLM(REFUSED), store))
    assert store.kept == {}


def test_what_is_served_is_handed_on_as_text() -> None:
    llm, pieces = keeping(ScriptedLLM("Here."), MemoryStore()), list[str]()
    call(llm)
    asyncio.run(llm.complete(ASKED, max_tokens=50, on_text=pieces.append))
    assert pieces == ["Here."]


def test_no_call_begins_before_the_reply_in_whose_place_it_comes_is_kept() -> None:
    class Slow(MemoryStore):
        def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None:
            begun.append(len(llm.prompts))
            time.sleep(0.05)
            super().put_call(key, response, document_ids)

    llm, begun = ScriptedLLM("Here."), list[int]()
    calls(LimitedLLM(RecordingLLM(llm, CallCache(Slow(), {}, [])), ConcurrencyGate(1)), 3)
    assert begun == [1, 2, 3]


# Limited


def test_so_many_at_once_and_no_more() -> None:
    class Counting(ScriptedLLM):
        now = most = 0

        async def complete(self, messages: Sequence[object], **options: object) -> Completion:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.01)
            self.now -= 1
            return Completion("Here.", "")

    llm = Counting("")
    assert len(calls(LimitedLLM(llm, ConcurrencyGate(3)), 20)) == 20
    assert llm.most == 3


# Budgeted


@pytest.mark.parametrize(
    ("limits", "num_made"),
    [
        (Limits(max_calls=5), 5),
        (Limits(max_tokens=200), 10),
        (Limits(max_cost_usd=20), 10),
        (Limits(max_tokens=60), 0),
        (Limits(), 50),
    ],
)
def test_calls_at_once_never_spend_more_than_the_cap(limits: Limits, num_made: int) -> None:
    llm = ScriptedLLM("Yes.", seconds=0.001, price=Price(0.1, 0.1))
    each = call(llm)
    ended = calls(BudgetedLLM(llm, Budget(limits, Meter())), 50)
    made = [end for end in ended if isinstance(end, Completion)]
    assert all(isinstance(end, (Completion, Stopped)) for end in ended)
    tokens = len(made) * (each.prompt_tokens + each.completion_tokens)
    assert tokens <= (limits.max_tokens or tokens) and tokens * 0.1 <= (limits.max_cost_usd or tokens)
    assert len(made) == num_made


def test_what_an_interrupted_run_used_counts() -> None:
    meter, before = Meter(), Meter()
    before.add("worker", Completion("", "", 10, 10))
    meter.restore(before.to_json())
    assert meter.usage.calls == 1
    with pytest.raises(Stopped, match="cap of 1 model calls"):
        call(BudgetedLLM(ScriptedLLM("Here."), Budget(Limits(max_calls=1), meter)))


def test_a_cap_on_cost_needs_a_price() -> None:
    with pytest.raises(OptionError, match="price of test/scripted is not known") as raised:
        call(BudgetedLLM(ScriptedLLM("Here."), Budget(Limits(max_cost_usd=1), Meter())))
    assert "CATENA_PRICES" in raised.value.remedy


def test_a_call_that_was_cut_off_counts_in_full_and_a_refused_one_nothing() -> None:
    for error, num_left in ((ModelTimeout("Late."), 0), (REFUSED, 1)):
        budgeted = BudgetedLLM(ScriptedLLM(error, "Here."), Budget(Limits(max_tokens=80), Meter()))
        with pytest.raises(type(error)):
            call(budgeted)
        assert sum(isinstance(end, Completion) for end in calls(budgeted, 1)) == num_left


# Fallback


def test_a_fallback_is_named_and_keeps_answering() -> None:
    first, second = ScriptedLLM(REFUSED, "unused"), ScriptedLLM("Here.")
    llm = FallbackLLM(first, second)
    assert call(llm).notice == call(llm).notice == "test/scripted answered instead: It refused."
    assert (len(first.prompts), len(second.prompts)) == (1, 2)


def test_a_fallback_whose_window_is_too_small_is_not_asked() -> None:
    small = ScriptedLLM("unused", window=20)
    with pytest.raises(ModelRefused, match="It refused"):
        call(FallbackLLM(ScriptedLLM(REFUSED), small))
    assert small.prompts == []


# Metered


def test_usage_is_summed_for_each_role() -> None:
    meter = Meter()
    llm = MeteredLLM(keeping(ScriptedLLM("Yes.", price=Price(0.5, 0)), MemoryStore()), meter)
    for role in ("worker", "worker", "answer"):
        call(llm, role=role)
    read = call(ScriptedLLM("Yes.")).prompt_tokens
    made = Usage(1, read, 2, read * 0.5, cached=1)
    assert meter.roles == (
        RoleUsage("worker", "test/scripted", made),
        RoleUsage("answer", "test/scripted", Usage(cached=1)),
    )
    assert meter.usage == Usage(1, read, 2, read * 0.5, cached=2)


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    meter = Meter()
    for price in (Price(1, 1), None):
        call(MeteredLLM(ScriptedLLM("Yes.", price=price), meter))
    assert meter.usage.calls == 2 and meter.usage.cost_usd is None
