"""An NLI model as judge, from a folder as `optimum-cli export onnx` writes it. No torch, nothing downloaded."""

from __future__ import annotations

import asyncio
import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catena.benchmarks.scoring.entailment import FULLY
from catena.errors import OptionError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FILES = ("model.onnx", "tokenizer.json", "config.json")
ENTAILMENT = "entailment"
MAX_TOKENS = 512
"""Of premise and claim together, where the model's own limit is not known; the premise is cut, never the claim."""


class NLI:
    """Entailed or not, by the model's likeliest label; it knows no half support.

    L-CiteEval's own is tasksource/deberta-base-long-nli. Raises OptionError for a folder that is no such model.
    """

    def __init__(self, folder: Path) -> None:
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise OptionError(
                f"There is no {missing[0]} in {folder}.",
                "Make it: optimum-cli export onnx --model NAME FOLDER",
            )
        self._folder = folder
        self._config = json.loads((folder / "config.json").read_text("utf-8"))
        self.name = f"NLI model {self._config.get('_name_or_path') or folder.name}"
        labels = {
            str(label).lower(): int(number) for number, label in self._config.get("id2label", {}).items()
        }
        if ENTAILMENT not in labels:
            raise OptionError(
                f"The model in {folder} has no label {ENTAILMENT!r}.", "Give a model trained on NLI."
            )
        self._entailment = labels[ENTAILMENT]

    async def support(self, question: str, statement: str, snippet: str) -> float:
        return FULLY if await asyncio.to_thread(self._entails, snippet, statement) else 0.0

    async def is_relevant(self, question: str, statement: str, snippet: str) -> bool:
        return await self.support(question, statement, snippet) == FULLY

    async def needs_citation(self, question: str, answer: str, statement: str) -> bool:
        """All do: that is no question for NLI."""
        return True

    def _entails(self, premise: str, claim: str) -> bool:
        encoding = self._tokenizer.encode(premise, claim)
        given = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        names = [one.name for one in self._session.get_inputs()]
        feed = {name: np.array([given[name]], np.int64) for name in names}  # (1, tokens)
        logits = self._session.run(None, feed)[0]  # (1, labels)
        return int(np.argmax(logits[0])) == self._entailment

    @cached_property
    def _session(self) -> InferenceSession:
        import onnxruntime  # only when there is something to judge

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        path = self._folder / "model.onnx"
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer  # as above

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        limit = self._config.get("max_position_embeddings") or MAX_TOKENS
        tokenizer.enable_truncation(int(limit), strategy="only_first")
        return tokenizer
