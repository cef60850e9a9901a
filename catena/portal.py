"""The one way from plain calls to the async code inside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Portal:
    """An event loop in a thread of its own, so that `run` works with and without a running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="catena-loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end and return the result; Ctrl-C cancels the work."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run behind, with nobody waiting; `close` cancels it."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def each(self, stream: AsyncGenerator[T, None]) -> Iterator[T]:
        """Yield what an async generator yields; leaving the loop early, or Ctrl-C, closes it."""

        async def step() -> T:
            return await anext(stream)

        try:
            while True:
                try:
                    yield self.run(step())
                except StopAsyncIteration:
                    return
        finally:
            self.run(stream.aclose())

    def close(self) -> None:
        """Cancel what still waits and end the thread."""
        self.run(_end_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Stream(Generic[T]):
    """Values as they come, for `for` and for `async for`; leaving the loop, or `aclose`, ends the work."""

    def __init__(self, portal: Portal, values: AsyncGenerator[T, None]) -> None:
        self._portal = portal
        self._values = values

    def __iter__(self) -> Iterator[T]:
        return self._portal.each(self._values)

    def __aiter__(self) -> AsyncGenerator[T, None]:
        return self._values

    async def aclose(self) -> None:
        """End the work of an `async for` that was left early."""
        await self._values.aclose()


def run_alone(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a loop made for it and return the result; Ctrl-C cancels the work."""
    portal = Portal()
    try:
        return portal.run(work)
    finally:
        portal.close()


async def _end_others() -> None:
    """Cancel what still waits in this loop, such as a worker that LiteLLM left there."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
