"""Units are done once, some at a time, and a bad one stops no other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catena.bookqa.executor import Places, run
from catena.bookqa.result_store import Journal, Json
from catena.errors import CatenaError, DocumentError, ModelRefused, Stopped


@dataclass(frozen=True, slots=True)
class Numbered:
    number: int

    @property
    def key(self) -> str:
        return f"{self.number:05}"


def units(count: int) -> Iterator[Numbered]:
    return (Numbered(number) for number in range(count))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "job.db") as journal:
        yield journal


async def square(unit: Numbered) -> Json:
    await asyncio.sleep(0)
    return {"square": unit.number**2}


def failing(at: int, error: CatenaError) -> Callable[[Numbered], object]:
    async def work(unit: Numbered) -> Json:
        if unit.number == at:
            raise error
        return await square(unit)

    return work


def test_every_unit_is_done_once(journal: Journal) -> None:
    begun: Counter[int] = Counter()

    async def work(unit: Numbered) -> Json:
        begun[unit.number] += 1
        return await square(unit)

    for count in (10, 30, 30):
        asyncio.run(run(units(count), work, journal, concurrency=4))
    assert begun == Counter(range(30))
    assert [value["square"] for _, value in journal.results()] == [number**2 for number in range(30)]


def test_no_more_than_asked_run_at_once_and_units_are_drawn_late(journal: Journal) -> None:
    drawn = now = most = 0

    def draw() -> Iterator[Numbered]:
        nonlocal drawn
        for unit in units(40):
            drawn += 1
            yield unit

    async def work(unit: Numbered) -> Json:
        nonlocal now, most
        now += 1
        most = max(most, now)
        assert drawn <= journal.count() + 7 + 7  # those under way, and as many that are being kept
        await asyncio.sleep(0.001)
        now -= 1
        return {}

    asyncio.run(run(draw(), work, journal, concurrency=7))
    assert most == 7 and journal.count() == 40


def test_a_bad_unit_stops_no_other_and_is_tried_again(journal: Journal) -> None:
    bad = failing(3, DocumentError("damaged", "It is damaged."))
    asyncio.run(run(units(9), bad, journal))  # type: ignore[arg-type]
    assert journal.count() == 8
    assert [(one.key, one.reason) for one in journal.failures()] == [("00003", "damaged")]
    asyncio.run(run(units(9), square, journal))
    assert journal.count() == 9 and not journal.failures()


def test_what_failed_before_is_tried_last(journal: Journal) -> None:
    begun: list[int] = []

    async def work(unit: Numbered) -> Json:
        begun.append(unit.number)
        return {}

    journal.fail("00001", DocumentError("damaged", "It is damaged."))
    asyncio.run(run(units(4), work, journal, concurrency=1))
    assert begun == [0, 2, 3, 1]


def test_what_is_wrong_for_all_ends_the_batch(journal: Journal) -> None:
    with pytest.raises(ModelRefused):
        asyncio.run(run(units(99), failing(3, ModelRefused("Wrong key.")), journal))  # type: ignore[arg-type]
    assert journal.count() < 99 and not journal.failures()


def test_at_a_cap_what_is_under_way_ends(journal: Journal) -> None:
    async def work(unit: Numbered) -> Json:
        if unit.number == 5:
            raise Stopped("The cap is reached.")
        await asyncio.sleep(0.01)
        return {}

    with pytest.raises(Stopped):
        asyncio.run(run(units(99), work, journal, concurrency=6))
    assert [key for key, _ in journal.results()] == [f"{number:05}" for number in range(5)]


def test_notes_and_ends_are_told(journal: Journal) -> None:
    ended: list[str] = []
    asyncio.run(
        run(
            units(3),
            square,
            journal,
            notes=lambda: {"ended": {"count": len(ended)}},
            on_end=lambda key, result: ended.append(key),
        )
    )
    assert sorted(ended) == ["00000", "00001", "00002"]
    assert journal.note("ended") is not None


def test_lower_ranks_come_first_and_within_one_who_came_first() -> None:
    async def order() -> list[str]:
        places, seen = Places(1), list[str]()

        async def visit(name: str, rank: int) -> None:
            async with places.place(rank):
                seen.append(name)
                await asyncio.sleep(0)

        names = (("first", 5), ("late", 2), ("later", 2), ("early", 1))
        await asyncio.gather(*(visit(name, rank) for name, rank in names))
        return seen

    assert asyncio.run(order()) == ["first", "early", "late", "later"]


def test_no_more_are_in_than_there_are_places() -> None:
    async def most() -> int:
        places, inside, highest = Places(3), 0, 0

        async def visit(rank: int) -> None:
            nonlocal inside, highest
            async with places.place(rank):
                inside += 1
                highest = max(highest, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(visit(n % 4) for n in range(50)))
        return highest

    assert asyncio.run(most()) == 3


def test_who_is_cancelled_leaves_no_place_taken() -> None:
    async def all_free() -> bool:
        places = Places(1)

        async def visit(seconds: float) -> None:
            async with places.place(0):
                await asyncio.sleep(seconds)

        inside = asyncio.create_task(visit(0.01))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(visit(60)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await inside  # its place is given to the second that waits, which is cancelled before it runs
        for task in waiting[1:]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.wait_for(visit(0), 1)
        return True

    assert asyncio.run(all_free())
