"""Documents beyond the trained length: few KV pages that stand close to the question, against attention to everything.

The model (`warm_model.py`) was trained on about 1,100 tokens at most. Policies choose by keys without their
rotation, and lay what they chose end to end, so that no distance is one the model never saw. RetroLM's and LongHeads'
claim, measured.

python -m catena.benchmarks.kv.beyond [--tokens 16384] [--documents 10]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import torch

from catena.benchmarks.kv.kv_quality import Quality, Setting, measure, prepared, table, training_texts
from catena.benchmarks.kv.warm_model import warm_model
from catena.benchmarks.timing import machine
from catena.kv.engine.retriever_training import train_retriever
from catena.kv.policies.policy import Policy, preset

PAGE_SIZE = 64
BUDGETS = (0.25, 0.0625, 0.03125)
NUM_TEXTS, TRAINED_ON = 200, 1024
"""Texts that the retriever of KV pages learns from, and their tokens."""
NAMES = ("oracle", "retro", "quest", "random")


def policies(budgets: Sequence[float] = BUDGETS) -> list[Policy]:
    """Attention to all, and each way to choose with what it chose where it stood, and end to end."""
    equal = [
        replace(preset(name), granularity="kv_head", sink_pages=1, local_pages=1, min_pages=1, dense_layers=0)
        for name in NAMES
    ]
    found = [preset("full")]
    for budget in budgets:
        for policy in (replace(one, budget=budget) for one in equal):
            moved = replace(
                policy, name=f"{policy.name}, end to end", positions="consecutive", space="unrotated"
            )
            found += [policy, moved]
    return found


def broken_order(found: Sequence[Quality]) -> list[str]:
    """Return the lengths at which even the right KV pages, moved together, do not beat attention to everything."""
    full = next(one for one in found if one.policy == "full")
    must = "oracle, end to end"
    return [
        f"{one.policy} {one.accuracy:.2f} at {one.budget:.1%}, full {full.accuracy:.2f}"
        for one in found
        if one.policy == must and one.accuracy <= full.accuracy
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tokens", type=int, default=16384)
    parser.add_argument("--documents", type=int, default=10, help="of 30 questions each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = prepared(warm_model())
    texts = training_texts(NUM_TEXTS, TRAINED_ON)
    retriever = train_retriever(model, texts, page_size=PAGE_SIZE, num_last=90)
    setting = Setting(options.tokens, PAGE_SIZE, options.documents)
    found = measure(model, policies(), setting, retriever)
    print(f"{machine()}; {options.tokens:,} tokens, {found[0].num_questions} questions\n\n{table(found)}")
    broken = broken_order(found)
    raise SystemExit("\n".join(["No better than everything in sight:", *broken]) if broken else 0)


if __name__ == "__main__":
    main()
