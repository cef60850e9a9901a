"""A small model's answer in a few words, quoted with the sentence that holds it; and its opinion whether there is one.

A model of a billion weights names a fact more often than it names the passage that bears it; a sentence that it would
write around the fact adds nothing that can be checked. Told how it may refuse, it takes the offer too often; asked
whether the passages say the answer, it knows better (docs/real-models.md).
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from catena.agents.citations.attribution import Numbered
from catena.agents.document_view import DocumentView
from catena.agents.extractive.answer_confidence import can_be_likely, lacks_figure, shipped
from catena.agents.extractive.answer_features import Seen, measure
from catena.agents.extractive.answer_reading import AnswerReading
from catena.agents.extractive.document_summary import aspect_of
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.extractive.numeric_answer import with_header
from catena.agents.extractive.question_form import plain_form
from catena.agents.extractive.sentence_selection import shorten
from catena.agents.extractive.sentence_selection import shown as cut_quote
from catena.agents.extractive.short_answers import MAX_WORDS
from catena.agents.generative.answer_prompts import one_line
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.prompt_passages import Shown
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_outcomes import declined, read
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.agents.router import asks_of_all, task_of
from catena.errors import ModelSilent
from catena.llm.protocol import LLM, Completion, Message, OnText, chat
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Confidence, Evidence, Note

MAX_REPLY, MAX_OPINION = 64, 4
"""Tokens of an answer in a few words, and of yes or no."""
FEW, MOST = 3, 0.7
"""Words of an answer that one sentence must hold, all of them; of a longer one this share."""
OPINION = 2.0
"""What a model's opinion is worth beside the embedded reader's, both in logits; from a sum of 0 on a question counts as
answered. Of 87 questions about the development sets 20 of 28 absent facts are refused, and 2 of 59 that are there; by
the embedded reader alone 14 and 4, by what the model says when it may refuse 22 and 12.
"""
NOT_HELD = (
    "The model said “{said}”, which no sentence holds; what is quoted was chosen by the embedded reader."
)
SILENT = "The model wrote nothing; what is quoted was chosen by the embedded reader."
_YES_NO = re.compile(r"^(yes|no)\b[\s,.:;–—-]*", re.IGNORECASE)


def brief_messages(question: Question, passages: str) -> list[Message]:
    """The prompt of an answer in a few words."""
    user = render("brief", passages=passages, question=one_line(question.text))
    return chat(render("brief_system"), user)


def opinion_messages(question: Question, passages: str) -> list[Message]:
    """The prompt of an opinion, yes or no; it begins like that of the answer, so that little is read anew."""
    user = render("brief_opinion", passages=passages, question=one_line(question.text))
    return chat(render("brief_system"), user)


async def answer_in_few_words(
    llm: LLM,
    embedder: Embedder,
    question: Question,
    note: Note,
    shown: Shown,
    view: DocumentView,
    max_reply: int,
    on_text: OnText | None,
) -> Draft:
    """Ask for the fact alone, and whether it is there. Raises ModelError.

    `note` is what the embedded reader found in the passages, of which `shown` are shown.
    """
    prompt = brief_messages(question, shown.text)
    try:
        done = await llm.complete(prompt, max_tokens=max_reply, role="brief", on_text=on_text)
        reply = read(done, llm.name, shown.numbers, shown.text)
    except ModelSilent:
        draft = await asyncio.to_thread(ExtractiveReasoner(embedder).gather, question, note, view)
        return replace(draft, warnings=(*draft.warnings, SILENT), pages=shown.pages)
    if reply.declines:
        return replace(declined(done, llm.name), pages=shown.pages)
    if not reply.claims:
        closest = note.evidence[: question.options.max_sentences]
        return Draft((), closest, confidence="closest", model=done.who, pages=shown.pages)
    said = " ".join(claim.text for claim in reply.claims).removesuffix(".")
    asked = opinion_messages(question, shown.text)
    opinion = margin(await llm.complete(asked, max_tokens=MAX_OPINION, role="opinion"))
    sentences = await asyncio.to_thread(shown.sentences, view)
    draft = await asyncio.to_thread(brief_draft, question, said, opinion, note, sentences, view, embedder)
    return replace(draft, model=done.who, pages=shown.pages)


def asks_for_fact(question: str) -> bool:
    """Tell whether a few words may answer, so that they are asked for."""
    return (
        not asks_of_all(question) and task_of(question) in ("answer", "count") and aspect_of(question) is None
    )


def margin(done: Completion) -> float | None:
    """How much likelier yes is than no, in logits; 1 or -1 where the server tells no more than the word, if that."""
    told: dict[str, float] = {}
    for token, chance in done.alternatives.items():
        word = token.strip().casefold()
        told[word] = max(told.get(word, chance), chance)
    if not {"yes", "no"} & told.keys():
        said = _YES_NO.match(done.text.strip())
        return None if said is None else 1.0 if said[1].casefold() == "yes" else -1.0
    least = min(told.values())
    return told.get("yes", least) - told.get("no", least)


def brief_draft(
    question: Question,
    said: str,
    opinion: float | None,
    note: Note,
    shown: Sequence[Numbered],
    view: DocumentView,
    embedder: Embedder,
) -> Draft:
    """Quote the sentence that holds what a model said; else what the embedded reader quotes, and say so.

    `note` is what the embedded reader found, `shown` are the sentences that the model was shown. Where model and reader
    together doubt that these answer the question, nothing is stated; a model without an `opinion` is believed.
    """
    question, most = replace(question, text=plain_form(question.text)), question.options.max_sentences
    reading = AnswerReading.of(question.text, note.evidence, view)
    found = reading.rank(note.evidence, view)
    held = _holding(question.text, said, [*found, *(one.candidate.evidence for one in shown)])
    if held is None and not found:
        return Draft((), confidence="closest")
    if held is None:
        draft, seen = ExtractiveReasoner(embedder).draft(question, note, view)
        draft = replace(draft, warnings=(*draft.warnings, NOT_HELD.format(said=neutral(said))))
    else:
        lead = shorten(question.text, held, question.options.max_words, said)
        quote = DraftStatement(cut_quote(lead, view.text), with_header(lead, view), "quoted")
        draft = Draft((quote,), short=said if len(said.split()) <= MAX_WORDS else "")
        ranked = (held, *(one for one in found if one.spans != held.spans))
        seen = Seen(question.text, draft, ranked, question.page_scores, reading)
    sure = _how_sure(seen, opinion, view, embedder)
    if sure == "closest":
        return Draft((), seen.found[:most], confidence=sure, warnings=draft.warnings)
    return replace(draft, confidence=sure)


def _how_sure(seen: Seen, opinion: float | None, view: DocumentView, embedder: Embedder) -> Confidence:
    signs, models = measure(seen, view, embedder), shipped()
    chance = models.there.chance(signs)
    is_there = opinion is None or math.log(chance / (1 - chance)) + OPINION * opinion >= 0
    if not is_there or lacks_figure(signs):
        return "closest"
    return (
        "likely" if models.right.chance(signs) >= models.right.limit and can_be_likely(signs) else "possible"
    )


def _holding(question: str, said: str, sentences: Iterable[Evidence]) -> Evidence | None:
    """The first sentence with the words of an answer that the question has not."""
    wanted = set(query_terms(_YES_NO.sub("", said)))
    wanted = (wanted - set(query_terms(question))) or wanted
    least = len(wanted) if len(wanted) <= FEW else MOST * len(wanted)
    return next((one for one in sentences if wanted and len(wanted & set(terms(one.text))) >= least), None)
