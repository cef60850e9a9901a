"""Quality of KV-page policies: what they find for a question, on a model that truly recalls facts.

Printed: share of right answers, and how often the KV page that holds the answer was selected where it matters; then a
few policies with KV pages in 32, 16 and 8 bits. Ends with an error where the policies do not stand in the order that
they must.

python -m catena.benchmarks.kv.kv_quality [--model planted|warm] [--documents 10]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from catena.benchmarks.kv.recall_model import NUM_KEYS, Recall, make_recall, plant
from catena.benchmarks.kv.warm_model import warm_model
from catena.benchmarks.timing import machine
from catena.kv.cache.fp8 import fp8_dtype
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine import transformers_hooks
from catena.kv.engine.generation import start
from catena.kv.engine.prefill import prefill
from catena.kv.engine.question_session import Session
from catena.kv.engine.retriever_training import train_retriever
from catena.kv.model_spec import spec_of
from catena.kv.policies.accumulated_attention import merge_document
from catena.kv.policies.page_selection import PolicyInputs, Selection
from catena.kv.policies.policy import Policy, preset
from catena.kv.policies.squeezed_attention import squeeze
from catena.kv.policies.trained_retriever import PageRetriever

MATCH_LAYER = 1
QUESTIONS = 30
"""Per document."""
BUDGETS = (1.0, 0.25, 0.0625, 0.03125)
ORDER = (
    ("oracle", "retro", 0.0),
    ("retro", "quest", 0.0),
    ("retro", "arkvale", 0.0),
    ("quest", "random", 0.1),
    ("arkvale", "random", 0.1),
    ("random", "lm-infinite", -0.1),
    ("lm-infinite", "random", -0.1),
)
"""Better, worse, and by how much; a tenth is more than chance leaves to 300 questions."""


@dataclass(frozen=True, slots=True)
class Quality:
    """`accuracy` and `recall` are shares of `num_questions`; `tokens` is what a head of the last layer saw."""

    policy: str
    budget: float
    accuracy: float
    recall: float
    tokens: float
    num_questions: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Documents of `num_tokens` with 30 facts, read in KV pages of `page_size`, kept in `dtype` or the model's."""

    num_tokens: int = 1024
    page_size: int = 16
    num_documents: int = 10
    num_facts: int = QUESTIONS
    dtype: torch.dtype | None = None


def measure(
    model: Any, policies: Sequence[Policy], setting: Setting, retriever: PageRetriever | None = None
) -> list[Quality]:
    """Ask every fact of every document under every policy."""
    found: dict[int, list[tuple[bool, bool, float]]] = {n: [] for n in range(len(policies))}
    for seed in range(setting.num_documents):
        recall = make_recall(setting.num_tokens, setting.num_facts, seed=1000 + seed)
        document = DocumentKV.empty(spec_of(model), recall.tokens, setting.page_size, setting.dtype)
        needs = {policy.score for policy in policies}
        prefill(model, document, policy=preset("look-m" if needs & {"representative", "merged"} else "full"))
        aids = PolicyInputs(retriever, squeeze(document) if "clusters" in needs else None)
        for n, policy in enumerate(policies):
            if policy.score == "merged":
                aids = replace(aids, merged=merge_document(document, policy.budget))
            found[n] += [
                _ask(model, document, policy, aids, recall, fact) for fact in range(setting.num_facts)
            ]
    return [_summary(policy, found[n]) for n, policy in enumerate(policies)]


def _ask(
    model: Any, document: DocumentKV, policy: Policy, aids: PolicyInputs, recall: Recall, fact: int
) -> tuple[bool, bool, float]:
    session = Session(document, replace(policy, refresh=0), aids, seed=fact)
    row = start(model, session, recall.question(fact))
    place = int(recall.positions[fact])
    holds, tokens = _look(session.selections.get(MATCH_LAYER), place, document)
    return bool(row.logits.argmax() == recall.values[fact]), holds, tokens


def _look(selection: Selection | None, place: int, document: DocumentKV) -> tuple[bool, float]:
    """Tell whether the token at `place` was seen by some head, and how many tokens a head saw."""
    if selection is None:
        return True, document.num_tokens
    if selection.tokens is not None and selection.is_seen is not None:
        hit = ((selection.tokens == place) & selection.is_seen).any()
        return bool(hit), float(selection.is_seen.sum(-1).float().mean())
    assert selection.pages is not None, "a selection has tokens or KV pages"
    return bool((selection.pages == place // document.page_size).any()), selection.pages.shape[
        1
    ] * document.page_size


def _summary(policy: Policy, found: Sequence[tuple[bool, bool, float]]) -> Quality:
    right, holds, tokens = zip(*found, strict=True)
    count = len(found)
    return Quality(
        policy.name, policy.budget, sum(right) / count, sum(holds) / count, sum(tokens) / count, count
    )


def training_texts(count: int, num_tokens: int = 512, *, seed: int = 0) -> Iterator[torch.Tensor]:
    """Documents followed by questions on all of their facts, each with its answer."""
    for number in range(count):
        recall = make_recall(num_tokens, NUM_KEYS - 2, seed=seed + number)
        order = torch.randperm(len(recall.keys), generator=torch.Generator().manual_seed(seed + number))
        asked = [
            torch.cat((recall.question(fact), recall.values[fact : fact + 1])) for fact in order.tolist()
        ]
        yield torch.cat((recall.tokens, *asked))


def table(found: Sequence[Quality]) -> str:
    """Markdown: a row for each policy, a column for each budget; right answers, then where they stood seen."""
    budgets = sorted({one.budget for one in found}, reverse=True)
    rows = [
        ["", *(f"{budget:.4g}%" for budget in (100 * share for share in budgets))],
        ["---"] * (len(budgets) + 1),
    ]
    for name in dict.fromkeys(one.policy for one in found):
        own = {one.budget: f"{one.accuracy:.2f} / {one.recall:.2f}" for one in found if one.policy == name}
        rows.append([name, *(own.get(budget, "") for budget in budgets)])
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|" for row in rows)


def precision_table(model: Any, setting: Setting, retriever: PageRetriever) -> str:
    """Markdown: the same questions with KV pages in fewer bits; right answers, then where they stood seen."""
    chosen = {("full", 1.0), ("oracle", 0.0625), ("retro", 0.0625), ("quest", 0.25)}
    asked = [policy for policy in policies() if (policy.name, policy.budget) in chosen]
    names = [f"{policy.name}, {policy.budget:.4g}" for policy in asked]
    rows = [["KV pages in", *names], ["---"] * (1 + len(names))]
    for dtype in (torch.float32, torch.bfloat16, fp8_dtype()):
        found = measure(model, asked, replace(setting, dtype=dtype), retriever)
        name = str(dtype).removeprefix("torch.")
        rows.append([name, *(f"{one.accuracy:.2f} / {one.recall:.2f}" for one in found)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def broken_order(found: Sequence[Quality]) -> list[str]:
    """Return the failures of recall's order: oracle ≥ trained ≥ bounds > random ≈ window, each by more than chance."""
    recall = {(one.policy, one.budget): one.recall for one in found}
    broken = []
    for budget in sorted({one.budget for one in found} - {1.0}):
        for better, worse, gap in ORDER:
            left, right = recall[better, budget], recall[worse, budget]
            if left < right + gap:
                broken.append(f"{better} {left:.2f}, {worse} {right:.2f} at {budget:.1%}")
    return broken


def policies(budgets: Sequence[float] = BUDGETS) -> list[Policy]:
    """Every policy at every budget, on equal terms: each key head chooses, no dense layer, one sink and local page."""
    named = ("oracle", "retro", "arkvale", "quest", "mean", "infllm", "longheads", "landmark-like", "random")
    equal = [
        replace(preset(name), granularity="kv_head", sink_pages=1, local_pages=1, min_pages=1, dense_layers=0)
        for name in named
    ]
    of_tokens = [preset(name) for name in ("squeezed", "squeezed-two-level", "look-m")]
    found = [preset("full")]
    for budget in budgets:
        found += [replace(policy, budget=budget) for policy in (*equal, *of_tokens)]
        window = 1 + round(budget * Setting().num_tokens / Setting().page_size)
        found.append(replace(preset("lm-infinite"), budget=budget, local_pages=window))
    return found


def prepared(model: Any) -> Any:
    """The model, with our attention in it."""
    transformers_hooks.register()
    model.set_attn_implementation(transformers_hooks.NAME)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--model", choices=("planted", "warm"), default="planted", help="warm: trained further"
    )
    parser.add_argument("--documents", type=int, default=10, help="of 30 questions each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = prepared(plant() if options.model == "planted" else warm_model())
    setting = Setting(num_documents=options.documents)
    retriever = train_retriever(model, training_texts(300), page_size=setting.page_size, num_last=90)
    found = measure(model, policies(), setting, retriever)
    print(f"{machine()}; {options.model}, {found[0].num_questions} questions\n\n{table(found)}")
    print(f"\n{precision_table(model, setting, retriever)}")
    broken = broken_order(found)
    raise SystemExit("\n".join(["Not in order:", *broken]) if broken else 0)


if __name__ == "__main__":
    main()
