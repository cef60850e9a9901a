"""The same work on the machines of a Ray cluster: units as tasks, everything kept by one process beside the journal.

A task whose worker dies is begun again by Ray, on another worker; what it had kept is not done again. Workers write
through a `Keeper`, an actor on the machine where the job was begun, so that nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from catena.bookqa.result_store import Journal, Json
from catena.errors import CatenaError, MissingExtra
from catena.library.library import Library

T = TypeVar("T")
MAX_RETRIES = 5
"""Retries of a task whose worker died."""


class Keeper:
    """Methods of the actor: the job's journal and the calls kept by the library, for workers anywhere."""

    def __init__(self, journal: Path, home: Path) -> None:
        self._journal = Journal(journal)
        self._library = Library(home)

    def has(self, key: str) -> bool:
        return self._journal.has(key)

    def has_failed(self, key: str) -> bool:
        return self._journal.has_failed(key)

    def get(self, key: str) -> Json | None:
        return self._journal.get(key)

    def put(self, key: str, value: Json) -> bool:
        return self._journal.put(key, value)

    def fail(self, key: str, error: CatenaError) -> None:
        self._journal.fail(key, error)

    def get_call(self, key: str) -> str | None:
        return self._library.history.get_call(key)

    def put_call(self, key: str, response: str, document_ids: list[str]) -> None:
        self._library.history.put_call(key, response, document_ids)


class Remote:
    """A worker's view of the keeper: a ledger, and a store of calls. Each method waits for the answer."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def has(self, key: str, /) -> bool:
        return bool(_wait(self._actor.has.remote(key)))

    def has_failed(self, key: str, /) -> bool:
        return bool(_wait(self._actor.has_failed.remote(key)))

    def get(self, key: str, /) -> Json | None:
        found: Json | None = _wait(self._actor.get.remote(key))
        return found

    def put(self, key: str, value: Json, /, notes: Json | None = None) -> bool:
        """Keep a result. Notes are of one worker alone, and left out."""
        return bool(_wait(self._actor.put.remote(key, value)))

    def fail(self, key: str, error: CatenaError, /) -> None:
        _wait(self._actor.fail.remote(key, error))

    def get_call(self, key: str, /) -> str | None:
        found: str | None = _wait(self._actor.get_call.remote(key))
        return found

    def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None:
        _wait(self._actor.put_call.remote(key, response, list(document_ids)))


class Cluster:
    """Runs functions on the workers of a cluster."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor

    @property
    def num_workers(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    async def run(self, work: Callable[..., T], *given: object) -> T:
        """Call `work(remote, *given)` on a worker. Raises what it raised; what Ray raises when workers kept dying."""
        task = self._ray.remote(max_retries=MAX_RETRIES, num_cpus=1)(_on_worker)
        outcome, told = await task.remote(work, self._actor, given)
        if outcome == "error":
            raise told
        done: T = told
        return done


@contextmanager
def cluster(
    journal: Path, home: Path, address: str | None, num_workers: int | None = None
) -> Iterator[Cluster]:
    """Join a cluster, or start one on this machine, with a keeper for one job. Raises MissingExtra."""
    ray = _ray()
    num_cpus = None if address else num_workers
    ray.init(address=address, num_cpus=num_cpus, include_dashboard=False, log_to_driver=False)
    try:
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        keeper = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)(
            Keeper
        )
        yield Cluster(ray, keeper.remote(journal, home))
    finally:
        ray.shutdown()


def _on_worker(work: Callable[..., object], actor: object, given: tuple[object, ...]) -> tuple[str, object]:
    """A task: our own errors are results, so that Ray neither wraps them nor begins the task again."""
    try:
        return "done", work(Remote(actor), *given)
    except CatenaError as error:
        return "error", error


def _wait(reference: Any) -> Any:
    return _ray().get(reference)


def _ray() -> Any:
    """The package, which takes seconds to import. Raises MissingExtra."""
    try:
        return import_module("ray")
    except ImportError as error:
        raise MissingExtra("Ray", "ray") from error
