"""`catena eval BENCHMARK`: one run of a public benchmark, from its options to its report."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from catena.benchmarks.benchmark_run import Documents, Examiner, OpenJudge, choose, fingerprint, run
from catena.benchmarks.benchmarks import BENCHMARKS
from catena.benchmarks.kept import Kept, RunFolder
from catena.benchmarks.official_files import export
from catena.benchmarks.run_report import report, write_report
from catena.benchmarks.scoring.entailment import Entailment, WordsAndMeaning
from catena.benchmarks.scoring.nli import NLI
from catena.client import Catena
from catena.errors import DISTRIBUTION
from catena.ingest import parser_version
from catena.llm_factory import LLMFactory
from catena.options import AskOptions, Limits
from catena.redaction import public_address
from catena.settings import load_settings
from catena.types import Strategy


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of `catena eval BENCHMARK`.

    `name`: the run's folder under `runs`; the documents are kept in `runs/library`, apart from the user's own.
    `is_filled`: embed a document whole before its first question. `judge`: a model that rates and extracts,
    and says what supports what unless `nli`, the folder of an NLI model, does.
    """

    data: Path
    name: str | None = None
    runs: Path = Path("runs")
    model: str | None = None
    api_base: str | None = None
    strategy: Strategy = "auto"
    judge: str | None = None
    judge_base: str | None = None
    nli: Path | None = None
    limit: int | None = None
    sample: int | None = None
    jobs: int = 1
    is_filled: bool = False


def evaluate(benchmark_name: str, options: RunOptions) -> bool:
    """Run, print and write the report; returns whether every question is kept. Raises CatenaError."""
    benchmark = BENCHMARKS[benchmark_name]
    items = benchmark.load(options.data)
    chosen = choose(items, options.limit, options.sample)
    home = options.runs / "library"
    settings = load_settings(home=home, model=options.model, api_base=options.api_base, background=False)
    name = options.name or "-".join(
        [benchmark_name, (settings.model or "embedded").replace("/", "-"), options.strategy]
    )
    with Catena(settings=settings) as catena:
        entailment = _entailment(options, catena)
        config: dict[str, object] = {
            "benchmark": benchmark_name,
            "questions": fingerprint(items),
            "model": settings.model,
            "api base": public_address(settings.api_base or "") or None,
            "strategy": options.strategy,
            "judge": options.judge,
            "entailment": entailment.name if entailment else options.judge,
            "vectors": "all before the first question" if options.is_filled else "made when needed",
            "catena": version(DISTRIBUTION),
            "parser": parser_version(),
        }
        with RunFolder(options.runs / name, config) as folder:
            documents = Documents(catena, options.runs / "documents", is_filled=options.is_filled)
            asked = AskOptions(strategy=options.strategy, model=settings.model)
            examiner = Examiner(catena, benchmark, documents, asked, entailment, _judge(options, catena))
            show = partial(_show, folder=folder, total=len(chosen))
            try:
                failures = asyncio.run(run(examiner, chosen, folder, jobs=options.jobs, on_kept=show))
            finally:  # a run that was interrupted reports what it has
                kept = [folder.kept[item.key] for item in chosen if item.key in folder.kept]
                print(write_report(folder, report(benchmark, kept, len(chosen), config)))
                export(benchmark, chosen, folder.kept, folder.path)
    for failure in failures:
        print(f"failed: {failure.key}: {failure.error.message}", file=sys.stderr)
    return not failures


def _entailment(options: RunOptions, catena: Catena) -> Entailment | None:
    """Return the judge of support; None for the language model."""
    if options.nli:
        return NLI(options.nli)
    return None if options.judge else WordsAndMeaning(catena.embedder)


def _judge(options: RunOptions, catena: Catena) -> OpenJudge | None:
    """The judge's calls are cached, timed and retried as any other, and billed apart."""
    model = options.judge
    if model is None:
        return None
    settings = catena.settings.model_copy(update={"api_base": options.judge_base, "fallback_model": None})
    factory = LLMFactory(settings, catena.library.history)
    return lambda document_ids: factory.open(model, document_ids, Limits())


def _show(kept: Kept, *, folder: RunFolder, total: int) -> None:
    """One line a question, so that a long run can be watched and its log kept."""
    seconds, status = kept.answer["seconds"], kept.answer["status"]
    print(f"{len(folder.kept)}/{total} {kept.key} {status} {seconds:.1f} s", file=sys.stderr, flush=True)
