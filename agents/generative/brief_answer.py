"""A small model's answer in a few words, quoted with the sentence that holds it and judged like the embedded reader's.

A model of a billion weights names a fact more often than it names the passage that bears it; a sentence that it would
write around the fact adds nothing that can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from catena.agents.citations.attribution import Numbered
from catena.agents.document_view import DocumentView
from catena.agents.extractive.answer_confidence import how_sure
from catena.agents.extractive.answer_features import Seen
from catena.agents.extractive.answer_reading import AnswerReading
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.extractive.numeric_answer import with_header
from catena.agents.extractive.sentence_selection import shorten
from catena.agents.extractive.sentence_selection import shown as cut_quote
from catena.agents.generative.answer_prompts import one_line
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.prompt_templates import render
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.llm.protocol import Message, chat
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence, Note

MAX_REPLY = 64
"""Tokens of an answer in a few words."""
FEW, MOST = 3, 0.7
"""Words of an answer that one sentence must hold, all of them; of a longer one this share."""
NOT_HELD = "The model said “{said}”, which no sentence holds; what is quoted was chosen by the embedded reader."
_YES_NO = re.compile(r"^(yes|no)\b[\s,.:;–—-]*", re.IGNORECASE)


def brief_messages(question: Question, passages: str) -> list[Message]:
    """The prompt of an answer in a few words."""
    user = render("brief", passages=passages, question=one_line(question.text))
    return chat(render("brief_system"), user)


def brief_draft(
    question: Question,
    said: str,
    note: Note,
    shown: Sequence[Numbered],
    view: DocumentView,
    embedder: Embedder,
) -> Draft:
    """Quote the sentence that holds what a model said; else what the embedded reader quotes, and say so.

    `note` is what the embedded reader found, `shown` are the sentences that the model was shown. Where the quote may
    not answer the question, nothing is stated.
    """
    most = question.options.max_sentences
    if not said:
        return Draft((), note.evidence[:most], confidence="closest")
    reading = AnswerReading.of(question.text, note.evidence, view)
    found = reading.rank(note.evidence, view)
    held = _holding(question.text, said, [*found, *(one.candidate.evidence for one in shown)])
    if held is None:
        draft = ExtractiveReasoner(embedder).gather(question, note, view)
        return replace(draft, warnings=(*draft.warnings, NOT_HELD.format(said=neutral(said))))
    lead = shorten(question.text, held, question.options.max_words, said)
    quote = DraftStatement(cut_quote(lead, view.text), with_header(lead, view), "quoted")
    draft = Draft((quote,), short=said)
    ranked = (held, *(one for one in found if one.spans != held.spans))
    sure = how_sure(Seen(question.text, draft, ranked, question.page_scores, reading), view, embedder)
    if sure == "closest":
        return Draft((), ranked[:most], confidence=sure)
    return replace(draft, confidence=sure)


def _holding(question: str, said: str, sentences: Iterable[Evidence]) -> Evidence | None:
    """The first sentence with the words of an answer that the question has not."""
    wanted = set(query_terms(_YES_NO.sub("", said, count=1)))
    wanted = (wanted - set(query_terms(question))) or wanted
    least = len(wanted) if len(wanted) <= FEW else MOST * len(wanted)
    return next((one for one in sentences if wanted and len(wanted & set(terms(one.text))) >= least), None)
