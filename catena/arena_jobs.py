"""Rankings that are made behind whoever asked: jobs of the kind `arena`, each in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter

from catena.arena_runs import RULES, judge_runs, read_runs
from catena.bookqa.arena import Ranking, count_games
from catena.client import Catena
from catena.errors import OptionError
from catena.events import Event
from catena.jobs.job_queue import Jobs, open_jobs, taken
from catena.jobs.job_store import Job, Json
from catena.jobs.worker import JobRun
from catena.settings import Settings, address_variables, public_settings

KIND = "arena"
MAX_KEPT = 20
_RANKINGS = TypeAdapter(list[Ranking])


class ArenaJobs:
    """The rankings of one library; safe for several threads and processes."""

    def __init__(self, settings: Settings, jobs: Jobs | None = None) -> None:
        self._settings = settings
        self._jobs = jobs or open_jobs(settings.home)

    def start(
        self, folder: Path, judges: Sequence[str] = (RULES,), *, keys: Mapping[str, str] | None = None
    ) -> Job:
        """Begin to rank the systems of a folder of runs. Raises OptionError where there is none."""
        if not folder.is_dir():
            raise OptionError(f"There is no folder {folder}.", "Make it: catena answer … -o FOLDER.")
        name = uuid4().hex[:12]
        asked = {"settings": public_settings(self._settings), "folder": str(folder.absolute())}
        self._jobs.begin(name, KIND, {**asked, "judges": list(judges)})
        self._jobs.prune(KIND, MAX_KEPT)
        return self._start(name, keys)

    def restart(self, name: str, *, keys: Mapping[str, str] | None = None) -> Job:
        """Go on with one that ended; games that were judged are not judged again. Raises OptionError while it runs."""
        if self._jobs.named(name).state in ("queued", "running"):
            raise taken(name)
        self._jobs.tell(name, Event("resumed", "Going on"))
        return self._start(name, keys)

    def cancel(self, job: Job) -> None:
        """Ask one to stop: it does within a second, and the games that were judged stay."""
        self._jobs.cancel(job.id)

    def last(self) -> Job | None:
        """The one that was begun last, as it stands."""
        return next(iter(self._jobs.list(kind=KIND, limit=1)), None)

    def _start(self, name: str, keys: Mapping[str, str] | None) -> Job:
        self._jobs.start(name, {**address_variables(self._settings.api_base), **(keys or {})})
        return self._jobs.named(name)


def rankings_of(job: Job) -> list[Ranking]:
    """What a job that is done found, a ranking a judge."""
    return _RANKINGS.validate_python(job.result.get("rankings", ()))


def rank_runs(catena: Catena, run: JobRun) -> Json:
    """Do the work of a job: its result is the rankings, its progress the games that this process judged."""
    folder, judges = Path(run.payload["folder"]), run.payload["judges"]
    total, judged = len(judges) * count_games(*read_runs(folder)), [0]

    def on_end(key: str, result: object) -> None:
        judged[0] += 1
        run.progress(judged[0], total)

    rankings = judge_runs(catena, folder, judges, on_end=on_end)
    return {"rankings": [asdict(one) for one in rankings]}
