"""`catena eval`: how good are pages, answers and citations, on public questions.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from catena.app.process_border import require_checkout
from catena.types import Strategy

measure = typer.Typer(
    name="eval",
    no_args_is_help=True,
    help="Measure quality on public questions and documents (in a checkout).",
    callback=require_checkout,
)

MODULES = {
    "retrieval": "Is the right page found? Beside simple peers.",
    "wide": "Is the right document found among all, where the question names it?",
    "answers": "Does the embedded reader's answer stand in its quotes? Does it name the right number?",
    "ablation": "Does each rule of the reader and of retrieval pay, on sets it was not written from?",
    "confidence": "Does the reader know when its answer is right, and when a document does not say?",
    "written": "Are a model's answers right, by each way of asking it? Beside LlamaIndex with the same model.",
    "stories": "Is what readers ask of novels told at once? Beside a simple peer.",
    "statements": "Does the check of statements tell true ones from ones made false?",
    "citing": "Are statements cited by the evidence that a set names? Beside simple peers.",
    "planted": "Does a chain find facts that are planted in a long book? Beside retrieval and summaries.",
    "table_scores": "Are tables found with their cells? On drawn ones, beside PyMuPDF's; and is prose taken for one?",
    "ocr": "How well are pages without text read? Against the text layer of the same pages.",
    "spans": "Do the boxes of quotes lie where a second extractor sees the words?",
    "robust": "Are hostile files read or refused with a reason?",
    "kills": "Is nothing lost or doubled when a writing process is killed?",
    "synckills": "Is nothing lost or doubled, and answers no old version, when a sync is killed?",
    "chainkills": "Does a chain that is killed go on, with no model call lost?",
    "faults": "Is an add done or not begun when a write, fsync or rename fails?",
}
"""Measurements that read their own options: `catena.benchmarks.NAME` with a `main`."""


def _hang_in(name: str, about: str) -> None:
    """Make `catena.benchmarks.NAME` the sub-command NAME; it gets the arguments and is imported when it runs."""

    @measure.command(
        name,
        help=about,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def run(context: typer.Context) -> None:
        sys.argv = [f"catena eval {name}", *context.args]
        main = import_module(f"catena.benchmarks.{name}").main
        raise typer.Exit(main() or 0)


BENCHMARKS = {
    "mmlongbench": "MMLongBench-Doc: long PDFs with tables and charts; a fifth of the questions has no answer.",
    "financebench": "FinanceBench: figures and facts in filings of hundreds of pages.",
    "fairytaleqa": "FairytaleQA: whole stories, evidence by section.",
    "lciteeval": "L-CiteEval: eleven tasks over numbered passages; do the cited ones entail the answer?",
    "longbenchcite": "LongBench-Cite: English and Chinese; do the cited sentences support the statements?",
}
"""Public benchmarks of `catena.benchmarks.benchmarks`, which takes a while to import."""


def _offer(benchmark: str, about: str) -> None:
    """Make a public benchmark a sub-command."""

    @measure.command(benchmark, help=f"{about} Resumable: the same command goes on where a run was killed.")
    def run(
        data: Annotated[Path, typer.Option(help="Folder or file of the set, as it is published.")],
        model: Annotated[
            str | None,
            typer.Option(
                help="LiteLLM model that answers (default: $CATENA_MODEL, else the embedded reader)."
            ),
        ] = None,
        api_base: Annotated[
            str | None, typer.Option(metavar="URL", help="OpenAI-compatible server of the model.")
        ] = None,
        strategy: Annotated[Strategy, typer.Option(help="How much is read.")] = "auto",
        judge: Annotated[
            str | None,
            typer.Option(help="LiteLLM model that judges (default: rules, words and the embedder)."),
        ] = None,
        judge_base: Annotated[
            str | None, typer.Option(metavar="URL", help="OpenAI-compatible server of the judge.")
        ] = None,
        nli: Annotated[
            Path | None,
            typer.Option(metavar="FOLDER", help="NLI model (ONNX) that says what supports what instead."),
        ] = None,
        limit: Annotated[int | None, typer.Option(min=1, help="Ask so many questions only.")] = None,
        sample: Annotated[
            int | None, typer.Option(metavar="SEED", help="Draw the questions of --limit at random.")
        ] = None,
        jobs: Annotated[int, typer.Option(min=1, help="Questions at once.")] = 1,
        fill: Annotated[
            bool, typer.Option("--fill", help="Embed each document whole before its questions.")
        ] = False,
        name: Annotated[
            str | None, typer.Option(help="Folder of this run (default: benchmark, model and strategy).")
        ] = None,
        runs: Annotated[Path, typer.Option(help="Folder of runs and of their documents.")] = Path("runs"),
    ) -> None:
        from catena.benchmarks.evaluate import RunOptions, evaluate

        options = RunOptions(
            data=data,
            name=name,
            runs=runs,
            model=model,
            api_base=api_base,
            strategy=strategy,
            judge=judge,
            judge_base=judge_base,
            nli=nli,
            limit=limit,
            sample=sample,
            jobs=jobs,
            is_filled=fill,
        )
        raise typer.Exit(0 if evaluate(benchmark, options) else 1)


for _name, _about in BENCHMARKS.items():
    _offer(_name, _about)
for _name, _about in MODULES.items():
    _hang_in(_name, _about)
