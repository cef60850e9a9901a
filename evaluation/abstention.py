"""Does the reader know when a document does not say? Risk and coverage, cross-validated by document.

catena eval abstention --home FOLDER [--data ../shared/data] [--fill] [--every N]

Without --fill every question starts with no vectors (0%), with it all are made first (100%). The constants of
agents/abstain.py come from the last lines this prints; the table is made with weights and threshold that never
saw the document asked.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catena.agents import abstain
from catena.agents.deps import Deps
from catena.agents.desk import Desk
from catena.agents.extractive import ExtractiveReasoner
from catena.agents.graph import run
from catena.agents.reasoner import Draft, Question
from catena.client import Catena
from catena.errors import DocumentError
from catena.evaluation.absent import Item, read_items
from catena.evaluation.retrieval import ColdShelf
from catena.retrieval.embedder import Embedder
from catena.retrieval.filling import fill
from catena.retrieval.hybrid import HybridRetriever
from catena.settings import load_settings
from catena.types import Note

Floats = NDArray[np.float64]
MAX_FALSE_REFUSALS = 0.095
"""Of what thresholds are fitted on: on other documents it becomes a tenth."""
RIDGE = 1.0
FOLDS = 10
COVERAGES = (0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Observed:
    """What the reader saw of one question; `is_on_gold`: a quote it would give stands on an evidence page."""

    item: Item
    signs: abstain.Signs
    is_on_gold: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """When to answer: shares of what is there and refused, and of what is absent and answered."""

    name: str
    false_refusals: float
    false_answers: float


@dataclass(frozen=True, slots=True)
class Abstention:
    """`by_kind`: share answered of each kind of question; `curve`: (coverage, risk, risk where an answer must
    also quote an evidence page)."""

    num: int
    num_documents: int
    auroc: float
    policies: tuple[Policy, ...]
    by_kind: tuple[tuple[str, int, float], ...]
    curve: tuple[tuple[float, float, float], ...]


class Recorder(ExtractiveReasoner):
    """The embedded reader, which also says what it based its confidence on."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self.embedder = embedder
        self.signs = abstain.Signs(*[0.0] * len(fields(abstain.Signs)))
        self.pages: frozenset[int] = frozenset()

    async def write(self, question: Question, note: Note, desk: Desk) -> Draft:
        if note.evidence:
            self.signs = abstain.signs(question.text, note.evidence, desk, self.embedder)
        best = note.evidence[: question.options.max_sentences]
        self.pages = frozenset(span.ref.number for evidence in best for span in evidence.spans)
        return await super().write(question, note, desk)


def observe(catena: Catena, data: Path, items: Iterable[Item], *, filled: bool) -> list[Observed]:
    """Ask every question the whole way; what stands on pages without text is left out."""
    observed = []
    for item in items:
        try:
            document = catena.add(data / item.file)
        except DocumentError:  # images only: nothing to read without text recognition
            continue
        with_text = {passage.ref.number for passage in catena.library.passages(document.id)}
        if not with_text or (item.gold and not with_text & set(item.gold)):
            continue
        if filled:
            fill(catena.library, catena.embedder, document.id)
        shelf = catena.library if filled else ColdShelf(catena.library)
        retriever = HybridRetriever(shelf, catena.embedder)
        recorder = Recorder(catena.embedder)
        deps = Deps(catena.library, retriever, catena.embedder, recorder)
        asyncio.run(run(deps, item.question, [document.id]))
        observed.append(Observed(item, recorder.signs, bool(recorder.pages & set(item.gold))))
    return observed


def fit(signs: Floats, is_there: NDArray[np.bool_]) -> Floats:
    """Logistic regression, classes weighed alike, by Newton's method: bias first, then a weight a sign."""
    x = np.hstack([np.ones((len(signs), 1)), signs])
    balance = np.where(is_there, 0.5 / is_there.mean(), 0.5 / (1 - is_there.mean()))
    weights = np.zeros(x.shape[1])
    penalty = RIDGE * np.diag([0.0, *[1.0] * signs.shape[1]])
    for _ in range(30):
        chance = _chance(weights, signs)
        slope = x.T @ (balance * (chance - is_there)) + penalty @ weights
        curvature = (x * (balance * chance * (1 - chance))[:, None]).T @ x + penalty
        weights -= np.linalg.solve(curvature, slope)
    return weights


def _chance(weights: Floats, signs: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-weights[0] - signs @ weights[1:]))
    return chance


def threshold(chance: Floats, is_there: NDArray[np.bool_]) -> float:
    """The highest at which no more than MAX_FALSE_REFUSALS of what is there is refused."""
    return float(np.quantile(chance[is_there], MAX_FALSE_REFUSALS, method="lower"))


def cross_validate(observed: Sequence[Observed]) -> tuple[Floats, NDArray[np.bool_]]:
    """Chance and verdict of every question, from weights and a threshold fitted on other documents."""
    signs, is_there = _arrays(observed)
    files = sorted({one.item.file for one in observed})
    fold = np.array([files.index(one.item.file) % FOLDS for one in observed])
    chance, is_answered = np.zeros(len(observed)), np.zeros(len(observed), bool)
    for number in range(FOLDS):
        inside, outside = fold == number, fold != number
        weights = fit(signs[outside], is_there[outside])
        chance[inside] = _chance(weights, signs[inside])
        limit = threshold(_chance(weights, signs[outside]), is_there[outside])
        is_answered[inside] = chance[inside] >= limit
    return chance, is_answered


def _arrays(observed: Sequence[Observed]) -> tuple[Floats, NDArray[np.bool_]]:
    signs = np.array([astuple(one.signs) for one in observed], float)
    return signs, np.array([one.item.is_there for one in observed])


def auroc(chance: Floats, is_there: NDArray[np.bool_]) -> float:
    """The chance that a question with an answer scores above one without; ties count half."""
    there, absent = chance[is_there][:, None], chance[~is_there][None, :]
    return float(((there > absent) + 0.5 * (there == absent)).mean())


def judge(observed: Sequence[Observed]) -> Abstention:
    """All figures of one run."""
    signs, is_there = _arrays(observed)
    chance, is_answered = cross_validate(observed)
    shipped = np.array([abstain.confidence(one.signs) >= abstain.THRESHOLD for one in observed])
    verdicts = {
        "always answers": np.ones(len(observed), bool),
        "never answers": np.zeros(len(observed), bool),
        "cross-validated by document": is_answered,
        "as shipped (fitted on all of these)": shipped,
    }
    kinds = list(dict.fromkeys(one.item.kind for one in observed))
    of_kind = {kind: np.array([one.item.kind == kind for one in observed]) for kind in kinds}
    return Abstention(
        len(observed),
        len({one.item.file for one in observed}),
        auroc(chance, is_there),
        tuple(
            Policy(name, float((~verdict)[is_there].mean()), float(verdict[~is_there].mean()))
            for name, verdict in verdicts.items()
        ),
        tuple((kind, int(rows.sum()), float(is_answered[rows].mean())) for kind, rows in of_kind.items()),
        _curve(observed, chance),
    )


def _curve(observed: Sequence[Observed], chance: Floats) -> tuple[tuple[float, float, float], ...]:
    order = np.argsort(-chance, kind="stable")
    is_absent = ~_arrays(observed)[1][order]
    is_off = is_absent | np.array([bool(one.item.gold) and not one.is_on_gold for one in observed])[order]
    sizes = [max(1, round(share * len(observed))) for share in COVERAGES]
    return tuple(
        (share, float(is_absent[:size].mean()), float(is_off[:size].mean()))
        for share, size in zip(COVERAGES, sizes, strict=True)
    )


def to_markdown(found: Abstention) -> str:
    lines = [
        f"{found.num} questions of {found.num_documents} documents, AUROC {found.auroc:.3f}",
        "",
        "| policy | refused of what is there | answered of what is absent |",
        "| --- | --- | --- |",
        *(f"| {one.name} | {one.false_refusals:.3f} | {one.false_answers:.3f} |" for one in found.policies),
        "",
        "| questions | number | answered |",
        "| --- | --- | --- |",
        *(f"| {kind} | {num} | {share:.3f} |" for kind, num, share in found.by_kind),
        "",
        "| answered, most confident first | absent among them | absent, or no quote on an evidence page |",
        "| --- | --- | --- |",
        *(f"| {share:.0%} | {risk:.3f} | {strict:.3f} |" for share, risk, strict in found.curve),
    ]
    return "\n".join(lines)


def constants(observed: Sequence[Observed]) -> str:
    """What agents/abstain.py should say, fitted on every document."""
    signs, is_there = _arrays(observed)
    weights = fit(signs, is_there)
    names = [field.name for field in fields(abstain.Signs)]
    pairs = ", ".join(f"{name}={weight:.2f}" for name, weight in zip(names, weights[1:], strict=True))
    limit = threshold(_chance(weights, signs), is_there)
    return f"WEIGHTS = Signs({pairs})\nBIAS = {weights[0]:.2f}\nTHRESHOLD = {limit:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True, help="keep the documents here")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="take every N-th question only")
    options = parser.parse_args()
    with Catena(settings=load_settings(home=options.home, background=False)) as catena:
        items = list(read_items(options.data))[:: options.every]
        observed = observe(catena, options.data, items, filled=options.fill)
    print(to_markdown(judge(observed)))
    print(constants(observed))


if __name__ == "__main__":
    main()
