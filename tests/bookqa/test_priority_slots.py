"""Who is let in first, and that no place is lost."""

from __future__ import annotations

import asyncio

from catena.bookqa.priority_slots import Places


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
