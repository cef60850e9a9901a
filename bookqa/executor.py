"""Runs the units of a batch, some at a time, each kept in the journal before its place is given to the next; and the
priority slots that units of several runs wait for, where the first in rank is let in before whoever waits longer."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Protocol, TypeVar

from catena.bookqa.result_store import Json
from catena.errors import CatenaError, ModelRefused, OptionError, Stopped


class Unit(Protocol):
    """A piece of work; its key is the same in every run of the batch."""

    @property
    def key(self) -> str: ...


class Ledger(Protocol):
    """Store of results, one per key; a `Journal` is one, and so is what stands for one on another machine."""

    def has(self, key: str, /) -> bool: ...
    def has_failed(self, key: str, /) -> bool: ...
    def get(self, key: str, /) -> Json | None: ...
    def put(self, key: str, value: Json, /, notes: Json | None = None) -> bool: ...
    def fail(self, key: str, error: CatenaError, /) -> None: ...


U = TypeVar("U", bound=Unit)
Work = Callable[[U], Awaitable[Json]]
"""Does a unit and returns its result as plain JSON. It may be begun again after a kill."""
Ended = Callable[[str, Json | None], None]
"""Told the key of each unit that ended in this run, and its result; None where it failed."""

_FOR_ALL = (ModelRefused, OptionError)
"""A wrong key or setting would fail every unit alike, so it ends the batch."""


async def run(
    units: Iterable[U],
    work: Work[U],
    ledger: Ledger,
    *,
    concurrency: int = 8,
    notes: Callable[[], Json] = dict,
    on_end: Ended = lambda key, result: None,
) -> None:
    """Do every unit that is not done yet, `concurrency` at a time. Units are drawn one by one as places come free.

    A unit that raises a CatenaError is noted as failed and stops no other; what is wrong for all of them
    (ModelRefused, OptionError) ends the batch at once. At a cap, units under way end, none is begun, and Stopped is
    raised. `notes` are kept with each result, in its transaction.
    """
    left = _left(units, ledger)
    stopped: list[Stopped] = []

    async def places() -> None:
        for unit in left:
            if stopped:
                return
            try:
                result = await work(unit)
            except Stopped as error:
                stopped.append(error)
                return
            except _FOR_ALL:
                raise
            except CatenaError as error:
                await asyncio.to_thread(ledger.fail, unit.key, error)
                on_end(unit.key, None)
                continue
            await asyncio.to_thread(ledger.put, unit.key, result, notes())
            on_end(unit.key, result)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(places())
    except* CatenaError as errors:
        raise _first(errors) from None
    if stopped:
        raise stopped[0]


def _left(units: Iterable[U], ledger: Ledger) -> Iterator[U]:
    """Units that are not done; those that failed in an earlier run come last, so that a batch gets on before."""
    failed: list[U] = []
    for unit in units:
        if ledger.has(unit.key):
            continue
        if ledger.has_failed(unit.key):
            failed.append(unit)
        else:
            yield unit
    yield from failed


def _first(errors: BaseExceptionGroup[Any]) -> CatenaError:
    """One of the errors in a group, however deep it stands."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, CatenaError), "the group was split by that"
    return error


class Places:
    """`num` priority slots, for the tasks of one event loop."""

    def __init__(self, num: int) -> None:
        self._num_free = num
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    @asynccontextmanager
    async def place(self, rank: int) -> AsyncIterator[None]:
        """Wait for a slot and hold it; lower ranks first, within a rank in the order of coming."""
        if self._num_free:
            self._num_free -= 1
        else:
            await self._wait(rank)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, rank: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot had been given
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._num_free += 1
