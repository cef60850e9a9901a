"""Who says what supports what: the offline stand-in, an NLI model, a language model."""

from __future__ import annotations

import asyncio
import base64
import zlib
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from catena.benchmarks.scoring.entailment import WordsAndMeaning
from catena.benchmarks.scoring.judge import ModelJudge
from catena.benchmarks.scoring.nli import NLI
from catena.errors import ModelSilent, OptionError
from catena.llm.litellm_client import LiteLLM
from catena.retrieval.embedder import MiniLM
from catena.testing import StubModel
from tests.benchmarks.records import write_json

# A model of five nodes, made with onnx.helper: entailment if token 5 occurs, else the other label.
TINY_NLI = (
    "c-l>mF;BxV5QS|gO)ifL(qjn{lLrQGtSq2ZER|SbV?k+SkVSBcoS?F?@-O(Qq%{LK-96p+-W?H(t8ayK6wYtQ;mNfD>9hN=tX$Bu+xM~"
    "QP+=NadYvwtFqi^r=qvdn6)qt?C!aRx;@-C7#@;nMbA+_n*>E#$<mLqQYVEdlZy_S5NP2IvhgkVuClBKq7ns_pWnKT`hM==$?>Eg5-CT"
    "q@@treV=Jnym70pB}vmi;bl=a?wl?w57{do58C!Pb8a|T5cVqM`cg^w{O$#l>asXB!y7r$!gI_m"
)


@pytest.mark.parametrize(
    ("statement", "snippet", "expected"),
    [
        ("The lantern is made in Bergen.", "It says that the lantern is made in Bergen by Brandt.", 1.0),
        ("Capex was $1,577 million.", "Millions: capex (1,577) (1,373)", 1.0),
        ("Capex was $1,578 million.", "Millions: capex (1,577) (1,373)", 0.0),
        ("The lantern is made in Bergen.", "Whales are mammals.", 0.0),
    ],
)
def test_the_stand_in_goes_by_words_and_numbers(statement: str, snippet: str, expected: float) -> None:
    assert asyncio.run(WordsAndMeaning(MiniLM()).support("?", statement, snippet)) == expected


@pytest.fixture
def nli_folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(zlib.decompress(base64.b85decode(TINY_NLI)))
    write_json(
        tmp_path / "config.json", {"id2label": {"0": "neutral", "1": "ENTAILMENT"}, "_name_or_path": "tiny"}
    )
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "red": 5}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_an_nli_model_says_whether_it_is_entailed(nli_folder: Path) -> None:
    nli = NLI(nli_folder)
    assert nli.name == "NLI model tiny"
    assert asyncio.run(nli.support("?", "a colour", "it is red")) == 1.0
    assert asyncio.run(nli.support("?", "a colour", "it is blue")) == 0.0
    assert asyncio.run(nli.is_relevant("?", "a colour", "it is red"))


def test_a_folder_that_is_no_nli_model_is_refused(nli_folder: Path) -> None:
    write_json(nli_folder / "config.json", {"id2label": {"0": "cat"}})
    with pytest.raises(OptionError, match="no label 'entailment'"):
        NLI(nli_folder)
    (nli_folder / "model.onnx").unlink()
    with pytest.raises(OptionError, match=r"no model\.onnx"):
        NLI(nli_folder)


def test_a_model_s_verdicts_are_read_from_its_last_words() -> None:
    async def judged(url: str) -> list[object]:
        judge = ModelJudge(LiteLLM("openai/stub", url))
        return [
            await judge.support("?", "s", "t"),
            await judge.is_relevant("?", "s", "t"),
            await judge.needs_citation("?", "a", "s"),
            await judge.rate("?", "r", "a", best=3),
            await judge.short_answer("?", "a"),
        ]

    script = ["Not full, I think: Partial.", "Yes", "no", "Grade: 2", "['a', 'b']"]
    with StubModel(script) as stub:
        assert asyncio.run(judged(stub.url)) == [0.5, True, False, 0.5, "['a', 'b']"]
        sent = stub.requests()[0]["messages"][1]["content"]
    assert "<snippet>\nt\n</snippet>" in sent


def test_a_verdict_that_cannot_be_read_is_an_error() -> None:
    with StubModel(["I would rather not say."]) as stub, pytest.raises(ModelSilent, match="no verdict"):
        asyncio.run(ModelJudge(LiteLLM("openai/stub", stub.url)).is_relevant("?", "s", "t"))
