"""Questions that outlive whoever asked them: jobs of the kind `question`, most with a process of their own.

The payload says what is asked, the events how it goes, so any process can watch. Keys of models are in the environment
of that process alone, never in a file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from catena.agents.state import options_from_json, options_to_json
from catena.errors import RunBusy, RunNotFound
from catena.events import Event
from catena.jobs.former_jobs import adopt_runs
from catena.jobs.job_queue import Jobs, open_jobs
from catena.jobs.job_store import Job, JobState
from catena.options import AskOptions
from catena.redaction import public_address
from catena.settings import Settings, address_variables, public_settings

RunState = Literal["running", "answered", "failed", "cancelled", "interrupted"]
KIND = "question"
MAX_AT_ONCE = 4
"""Each run has a process of some 300 MB."""
MAX_KEPT = 500
_STATES: Mapping[JobState, RunState] = {
    "queued": "running",
    "running": "running",
    "done": "answered",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A question that was started; `asked_at` in seconds since 1970. `message` and `remedy` say why it failed.

    One without a process of its own is worked on by the process that was asked, such as the server of the pages.
    """

    run_id: str
    question: str
    document_ids: tuple[str, ...]
    options: AskOptions
    asked_at: float
    state: RunState = "running"
    message: str = ""
    remedy: str = ""
    has_process: bool = True

    @property
    def is_over(self) -> bool:
        return self.state != "running"


class Runs:
    """The runs of one library; safe for several threads and processes. An unknown id raises RunNotFound."""

    def __init__(
        self, settings: Settings, jobs: Jobs | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._jobs = jobs or open_jobs(settings.home, clock=clock)
        adopt_runs(settings.home / "runs", self._jobs)

    def start(self, run: Run, *, keys: Mapping[str, str] | None = None, api_base: str | None = None) -> Run:
        """Begin a run in a process of its own. `keys`: variables for its environment, as OPENAI_API_KEY.

        Raises RunBusy when as many run already as may at once.
        """
        with self._jobs.store.writing():
            self._require_room()
            self._begin(run, api_base)
        self._spawn(run.run_id, {**address_variables(api_base or self._settings.api_base), **(keys or {})})
        return run

    def restart(self, run_id: str, *, keys: Mapping[str, str] | None = None) -> Run:
        """Go on with a run that failed, was cancelled or interrupted: what it read is not read again.

        Raises RunBusy for another run, and when as many run already as may at once.
        """
        with self._jobs.store.writing():
            self._require_room()
            self.require_ended_early(run_id)
            self.reopen(run_id)
        self._spawn(run_id, {**address_variables(self._settings.api_base), **(keys or {})})
        return self.run(run_id)

    def require_ended_early(self, run_id: str) -> None:
        """Raise RunBusy for a run that goes on, or has its answer."""
        if (state := self.run(run_id).state) in ("running", "answered"):
            raise RunBusy(f"This run is {state}.", "Only a run that ended early can go on.")

    def reopen(self, run_id: str) -> None:
        """Forget that a run ended, for whoever goes on with it."""
        self.tell(run_id, Event("resumed", "Going on"))

    def keep(self, run: Run, events: Iterable[Event] = ()) -> None:
        """Keep what is asked, and the events so far, of a run that this process works on itself."""
        self._begin(run, events=events)

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop: it makes no further call, and ends within five seconds."""
        self._jobs.cancel(self._job(run_id).id)

    def is_cancelled(self, run_id: str) -> bool:
        return self._jobs.is_cancelled(run_id)

    def run(self, run_id: str) -> Run:
        """Return the question asked, and how it stands."""
        return _run_of(self._job(run_id))

    def all(self, limit: int | None = None) -> Sequence[Run]:
        """Every run that is kept, or those that were asked last; newest first."""
        return [_run_of(job) for job in self._jobs.list(kind=KIND, limit=limit or 2 * MAX_KEPT)]

    def under_way(self) -> Sequence[Run]:
        """The runs that are not over, newest first."""
        return [_run_of(job) for job in self._jobs.under_way(KIND)]

    def events(self, run_id: str, after: int = 0) -> Sequence[Event]:
        """The events so far, without the first `after`."""
        return self._jobs.events(run_id, after)

    def follow(self, run_id: str, after: int = 0) -> Iterator[Event]:
        """Yield the events so far, without the first `after`, and those to come, until the run is over."""
        self._job(run_id)
        return self._jobs.follow(run_id, after)

    def tell(self, run_id: str, event: Event) -> None:
        """Add an event. Of a run that was deleted nothing is kept any more."""
        self._jobs.tell(run_id, event)

    def begin_anew(self, run_id: str, document_ids: Sequence[str]) -> None:
        """Have a run ask these documents alone, and forget what it told of the others.

        Its events stay as many as they were: whoever follows has counted them.
        """
        payload = {**self._job(run_id).payload, "documents": list(document_ids)}
        anew = Event("resumed", "Beginning anew: a document was removed")
        self._jobs.begin_anew(run_id, payload, anew)

    def has(self, run_id: str) -> bool:
        """Tell whether the events of this run are kept; those of a question that its asker waits for are not."""
        return self._jobs.has(run_id)

    def working_on(self, run_id: str) -> AbstractContextManager[None]:
        """Hold a run while it is worked on. Raises RunBusy when another process does."""
        return self._jobs.holding(run_id)

    def forget(self, document_id: str) -> int:
        """Delete what is kept of every run over a document; return how many runs that were.

        One that is under way over other documents too is left to whoever works on it: it begins anew without this.
        """
        runs = [run for run in self.all() if document_id in run.document_ids]
        gone = [
            run.run_id for run in runs if len(run.document_ids) == 1 or not self._jobs.is_held(run.run_id)
        ]
        self.delete(gone)
        return len(gone)

    def delete(self, run_ids: Iterable[str]) -> None:
        """Delete what is kept of some runs."""
        self._jobs.delete(run_ids)

    def _require_room(self) -> None:
        if sum(run.has_process for run in self.under_way()) >= MAX_AT_ONCE:
            raise RunBusy(
                f"{MAX_AT_ONCE} questions are being answered already.", "Wait for one, or cancel it."
            )

    def _begin(self, run: Run, api_base: str | None = None, events: Iterable[Event] = ()) -> None:
        settings = public_settings(self._settings)
        asked = {
            "question": run.question,
            "documents": list(run.document_ids),
            "options": options_to_json(run.options),
            "asked_at": run.asked_at,
            "has_process": run.has_process,
            "settings": {
                **settings,
                "api_base": public_address(api_base) if api_base else settings["api_base"],
            },
        }
        self._jobs.prune(KIND, MAX_KEPT)
        self._jobs.begin(run.run_id, KIND, asked, at=run.asked_at, events=events)

    def _spawn(self, run_id: str, keys: Mapping[str, str]) -> None:
        self._jobs.start(run_id, keys)

    def _job(self, run_id: str) -> Job:
        if not str(run_id).isalnum():
            raise RunNotFound(f"{run_id!r} is no id of a run.", "List them: `catena runs`.")
        try:
            return self._jobs.named(run_id)
        except KeyError:
            raise RunNotFound(f"There is no run {run_id[:12]!r}.", "List them: `catena runs`.") from None


def _run_of(job: Job) -> Run:
    asked = job.payload
    told = (job.error.get("message", ""), job.error.get("remedy", ""))
    options, about = options_from_json(asked["options"]), tuple(asked["documents"])
    has_process = asked.get("has_process", True)
    return Run(
        job.name, asked["question"], about, options, asked["asked_at"], _STATES[job.state], *told, has_process
    )
