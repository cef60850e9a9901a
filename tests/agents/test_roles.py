"""Thoughts count in no role, and an answer in another language keeps the passage that it names."""

from __future__ import annotations

import pytest

from catena.agents.candidates import Candidate
from catena.agents.citations.attribution import Numbered
from catena.agents.generative.chain import read_choice
from catena.agents.generative.demonstrations import read_pair
from catena.agents.generative.query_expansion import read_queries
from catena.agents.generative.question_rewriting import read_question
from catena.agents.generative.reply_outcomes import OTHER_LANGUAGE, grounded, unchecked_notice
from catena.agents.generative.reply_parser import Claim
from catena.agents.generative.support_judge import read_verdict
from catena.agents.generative.worker_notes import read_note
from catena.bookqa import item_writer, model_judge
from catena.types import Evidence, PageRef, Span
from tests.agents.shelf import WordEmbedder

HM = "Best answer 1? contradicted? Better: 1. Question: What of 1899? It sank in 1899 [3]."
FORMS = [
    f"<think>{HM}</think>\n",
    f"Okay. {HM}\n</think>\n",
    f"[THINK]{HM}[/THINK]",
    f"<reasoning>{HM}</reasoning>\n",
]


@pytest.mark.parametrize("thought", FORMS)
def test_a_thought_counts_in_no_role(thought: str) -> None:
    assert read_queries(f"{thought}ship lost 1912", "When?") == ["ship lost 1912"]
    assert read_verdict(f"{thought}supported") == "supported"
    assert read_note(f"{thought}- It sank in 1912 [2]", range(9)) == [Claim("It sank in 1912", (2,))]
    assert read_choice(f"{thought}Best: 2", 3) == 1
    assert read_question(f"{thought}When did the ship sink?") == "When did the ship sink?"
    pair = f"{thought}Question: When did the ship sink?\nAnswer: in 1912"
    assert read_pair(pair, "The ship sank in 1912.") == ("When did the ship sink?", "in 1912")
    assert model_judge.read_verdict(f"{thought}Better: 2") == "second"
    made = item_writer.read_question(f"{thought}Question: When did it sink?\nAnswer: In 1912 [1].", 3)
    assert made is not None and made[0] == "When did it sink?" and made[1][0].numbers == (1,)


def passage(number: int, text: str) -> Numbered:
    evidence = Evidence((Span(PageRef("d", number), 0, len(text)),), text)
    return Numbered(number, Candidate(evidence, "text", "", ""))


SHOWN = [
    passage(1, "The ship is a steamer of the northern line and it was sold to the harbour for a good price."),
    passage(2, "The monthly fee of the pier is 9,410 euro, and the keeper is paid from it."),
    passage(2, "The lease of the pier ends in 2031."),
]


def test_another_language_keeps_the_passage_that_it_names_unchecked() -> None:
    claims = [Claim("Die monatliche Gebühr für den Steg beträgt 9.410 Euro.", (2,))]
    (statement,) = grounded(claims, SHOWN, WordEmbedder())
    assert [one.text for one in statement.evidence] == [SHOWN[1].candidate.text]
    assert statement.support == "unchecked" and unchecked_notice([statement]) == (OTHER_LANGUAGE,)
    (listed,) = grounded([Claim("桟橋の月額料金は9,410ユーロです。")], SHOWN, WordEmbedder(), (2,))
    assert listed.support == "unchecked" and listed.evidence[0].text == SHOWN[1].candidate.text
    (lost,) = grounded([Claim("Капитан живёт в доме у моря.")], SHOWN, WordEmbedder())
    assert lost.support == "unchecked" and lost.evidence == ()


def test_the_same_language_is_checked() -> None:
    (statement,) = grounded(
        [Claim("The monthly fee of the pier is 9,410 euro.", (2,))], SHOWN, WordEmbedder()
    )
    assert statement.support is None and statement.evidence and unchecked_notice([statement]) == ()
