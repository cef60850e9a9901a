"""A reader without a language model: it quotes the sentences and rows that answer, ranked by the embedder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from catena.agents.candidates import Candidate, candidates
from catena.agents.cost.prompt_sizes import Measured, Search
from catena.agents.cost.token_usage import CallEstimate
from catena.agents.document_view import DocumentView
from catena.agents.extractive import document_summary, sentence_ranking, speakers
from catena.agents.extractive.answer_confidence import how_sure
from catena.agents.extractive.answer_features import Seen
from catena.agents.extractive.answer_reading import AnswerReading
from catena.agents.extractive.authorship import authors_named
from catena.agents.extractive.comparison import Part, asks_of_each, compares, part_asked, side_by_side
from catena.agents.extractive.mail_fields import mail_field
from catena.agents.extractive.numeric_answer import is_row, name_number, with_header
from catena.agents.extractive.numeric_question import may_be_number
from catena.agents.extractive.out_of_vocabulary import never_mentioned, spelled
from catena.agents.extractive.question_form import plain_form
from catena.agents.extractive.sentence_selection import choose, shown, with_items
from catena.agents.extractive.sheet_cells import name_cell
from catena.agents.extractive.short_answers import agreed, named_alone, short_answer
from catena.agents.extractive.who_questions import whom
from catena.agents.generative.question_rewriting import Turn, self_contained
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.agents.router import asks_of_all, scope_of
from catena.agents.segments import Stretch, pack
from catena.retrieval.embedder import Embedder
from catena.types import Confidence, Evidence, Note, PageRef, Segment, Support

MAX_EMBEDDED = 32
MAX_IN_CONTEXT = 12
"""Sentences of a segment that are compared by meaning, and those of them compared once more with their context.
All others are compared by their words alone. On FairytaleQA 24 and 12 answer as many questions as no limit."""
MAX_EVIDENCE = 12
HEADINGS_ONLY = "No sentence says what this is about; these are its first headings."
QUOTES_ONLY = ("The embedded reader quotes the best sentences; it does not count, list all or summarise.",)


class ExtractiveReasoner:
    """Answers in verbatim sentences and rows."""

    notice = (
        "Answered by the embedded extractive reader, which quotes and does not reason. "
        "For written answers set a model: --model NAME, or CATENA_MODEL; one for this machine: catena model ls."
    )

    def __init__(self, embedder: Embedder, *, segment_words: int = 4000) -> None:
        self._embedder = embedder
        self.name = f"embedded ({embedder.name})"
        self.segment_words = segment_words

    max_paths = 1

    async def whole(self, question: Question, view: DocumentView) -> int | None:
        """There is no call to fit."""
        return None

    def scope(self, question: str) -> str | None:
        """Say which words ask about the whole: also those that ask what it says of itself."""
        return scope_of(question) or (
            "a question without a subject of its own" if document_summary.aspect_of(question) else None
        )

    async def plan(self, question: Question, view: DocumentView) -> list[Stretch]:
        """Pack whole passages by words."""
        passages = [passage for document_id in view.document_ids for passage in view.passages(document_id)]
        return [Stretch.of(segment) for segment in pack(passages, self.segment_words)]

    async def work(self, question: Question, stretch: Stretch, note: Note, view: DocumentView) -> Note:
        """Read one stretch like any segment."""
        return await self.read(question, view.segment(stretch.keys), note, view)

    async def manage(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Write as from a retrieval."""
        return await self.write(question, note, view)

    def gather(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Write from what was read so far: that takes no call of a model."""
        return self._write(question, note, view)

    async def decide(self, question: Question, drafts: Sequence[Draft]) -> int:
        """There is one path only."""
        return 0

    async def read(self, question: Question, segment: Segment, note: Note, view: DocumentView) -> Note:
        """Keep the best sentences of this segment and of the note."""
        return await asyncio.to_thread(self._read, question, segment, note, view)

    async def write(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Name the number if one is asked for, else quote the best sentences; or say that nothing answers."""
        return await asyncio.to_thread(self._write, question, note, view)

    async def understand(self, question: str, turns: Sequence[Turn], view: DocumentView) -> str:
        """Spell as the documents do; put the words of the question before behind one that leans on it."""
        return spelled(await self_contained(question, turns, None), view.total_frequency)

    async def rewrite(self, question: Question) -> list[str]:
        """Search for the question alone."""
        return []

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        """Leave it to the code's own checks."""
        return None

    async def foresee(
        self, question: Question, view: DocumentView, measured: Measured, search: Search | None
    ) -> list[CallEstimate]:
        """No model is called."""
        return []

    async def foresee_reading(self, question: Question, measured: Measured) -> list[CallEstimate]:
        """No model is called."""
        return []

    def foresee_follow_up(self, question: str, turns: Sequence[Turn]) -> list[CallEstimate]:
        """No model is called."""
        return []

    def _read(self, question: Question, segment: Segment, note: Note, view: DocumentView) -> Note:
        question = _plain(question)
        is_of_each = _is_of_each(question, view)
        question = _of_each(question, view)
        found = candidates(segment, view)
        if speech := self._speech(question, {passage.ref for passage in segment.passages}, view):
            asked = replace(question, text=speech.subject or question.text)
            own = speakers.said(speech, found, self._score(asked, found, view), view)
            return Note("", tuple(sorted((*note.evidence, *own), key=lambda one: -one.score)[:MAX_EVIDENCE]))
        aspect = document_summary.aspect_of(question.text)
        scored = document_summary.score(aspect, found, view) if aspect else self._score(question, found, view)
        best = sorted((*note.evidence, *scored), key=lambda one: -one.score)
        return Note("", tuple(_best_of_each(best) if is_of_each else best[:MAX_EVIDENCE]))

    def _write(self, question: Question, note: Note, view: DocumentView) -> Draft:
        question, found = _plain(question), note.evidence
        aspect = document_summary.aspect_of(question.text)
        if aspect and aspect.is_of_people and (named := authors_named(view)):
            return named
        if told := mail_field(question.text, found, view):
            return told
        if not found:
            return Draft((), confidence="closest")
        if speech := self._speech(question, {span.ref for one in found for span in one.spans}, view):
            return self._said(speech, question, found, view)
        if aspect:
            return self._about_the_whole(question, found, view)
        if _is_of_each(question, view):
            return self._compared(question, found, view)
        refs = [*(one.spans[0].ref for one in found), *_best_pages(question)]
        if cell := name_cell(question.text, refs, view):
            sure_of_cell: Confidence = "likely" if cell.is_sure else "possible"
            return Draft((cell.statement,), short=cell.value, confidence=sure_of_cell)
        draft, seen = self.draft(question, note, view)
        sure = self._how_sure(seen, view)
        if sure == "closest":
            unknown = never_mentioned(question.text, view.total_frequency)
            closest = seen.found[: question.options.max_sentences]
            return Draft((), closest, confidence=sure, warnings=_never_mentioned(unknown))
        return replace(draft, confidence=sure)

    def _how_sure(self, seen: Seen, view: DocumentView) -> Confidence:
        """Judge whether the draft answers; "closest" where the documents may not say at all."""
        return how_sure(seen, view, self._embedder)

    def draft(self, question: Question, note: Note, view: DocumentView) -> tuple[Draft, Seen]:
        """The draft, and what it is judged by: the evidence is read once more, and ranked anew by that."""
        reading = AnswerReading.of(question.text, note.evidence, view)
        ranked = reading.rank(note.evidence, view)
        draft = self._draft(question, ranked, view, reading)
        return draft, Seen(question.text, draft, ranked, question.page_scores, reading)

    def _draft(
        self, question: Question, found: tuple[Evidence, ...], view: DocumentView, reading: AnswerReading
    ) -> Draft:
        """The number that is asked for, else the best sentences."""
        named = name_number(question.text, found, view) if may_be_number(question.text) else None
        if named is not None:
            return Draft((named,), short=named_alone(named.text, named.evidence[0].text))
        someone = whom(question, found, view)
        ranked = someone.leads(found) if someone else found
        is_table = is_row(ranked[0], view)
        short = short_answer(question.text, ranked[0].text, is_row=is_table)
        chosen = choose(question.text, ranked, question.options, short)
        listed, num_left = with_items(question.text, chosen, view.page_or_none, question.options)
        warnings = QUOTES_ONLY if asks_of_all(question.text) else ()
        if num_left:
            warnings = (
                *warnings,
                f"The list goes on: {num_left} more items. More words show them: --words N.",
            )
        if someone:
            short, warnings = someone.person.name, (*someone.read_as, *warnings)
        elif listed != chosen:  # the list is the answer
            short = ""
        elif not is_table:
            short = agreed(question.text, short, reading.answer_in(ranked[0]))
        return Draft(_quoted(listed, view), short=short, warnings=warnings)

    def _compared(self, question: Question, found: tuple[Evidence, ...], view: DocumentView) -> Draft:
        """State what each document says, side by side, or that nothing was found in it."""
        asked = _of_each(question, view)
        statements, parts = [], []
        sures: list[Confidence] = []
        for document_id in view.document_ids:
            title = view.document(document_id).title
            own = tuple(one for one in found if one.spans[0].ref.document_id == document_id)
            draft, seen = self.draft(asked, Note("", own), view) if own else (Draft(()), None)
            sure = self._how_sure(seen, view) if seen else "closest"
            if sure == "closest":
                statements.append(
                    DraftStatement(f"{title}: no passage was found that answers this.", (), "unchecked")
                )
                parts.append(Part(title, ""))
                continue
            evidence = draft.statements[0].evidence
            statements.append(DraftStatement(f"{title}: {shown(evidence[0], view.text)}", evidence, "quoted"))
            parts.append(Part(title, draft.short))
            sures.append(sure)
        if not sures:
            return Draft((), found[: question.options.max_sentences], confidence="closest")
        is_likely = len(sures) == len(parts) and set(sures) == {"likely"}
        short = side_by_side(question.text, parts)
        return Draft(tuple(statements), confidence="likely" if is_likely else "possible", short=short)

    def _about_the_whole(self, question: Question, found: tuple[Evidence, ...], view: DocumentView) -> Draft:
        """Quote what the documents say of themselves, in their order, else their first headings."""
        telling = [one for one in found if one.score >= document_summary.ENOUGH]
        headings = [one for one in found if one.score == document_summary.HEADING]
        if not telling and not headings:
            closest = found[: question.options.max_sentences]
            return Draft((), closest, confidence="closest", warnings=QUOTES_ONLY)
        options = question.options if telling else replace(question.options, max_sentences=MAX_EVIDENCE)
        chosen = sorted(choose(question.text, telling or headings, options), key=lambda one: one.spans)
        return Draft(
            _quoted(chosen, view),
            confidence="possible",
            warnings=QUOTES_ONLY if telling else (HEADINGS_ONLY, *QUOTES_ONLY),
        )

    def _speech(
        self, question: Question, refs: Iterable[PageRef], view: DocumentView
    ) -> speakers.Speech | None:
        return speakers.speech_asked(question.text, map(view.text, refs))

    def _said(
        self, speech: speakers.Speech, question: Question, found: tuple[Evidence, ...], view: DocumentView
    ) -> Draft:
        """Quote what somebody says in a recording, in its order; "likely" where the subject is named in it."""
        named = [one for one in found if one.score >= speakers.FOUND + speakers.NAMED]
        if not named and speech.subject:
            return Draft((), found[: question.options.max_sentences], confidence="closest")
        chosen = sorted((named or found)[: question.options.max_sentences], key=lambda one: one.spans)
        return Draft(_quoted(chosen, view), confidence="likely" if named else "possible")

    def _score(self, question: Question, found: Sequence[Candidate], view: DocumentView) -> list[Evidence]:
        """Words first; what they find promising is compared by meaning, the best of that with its context."""
        asked = sentence_ranking.Asked.of(question.text)
        scored = []
        behind = sentence_ranking.behind_the_question(asked, found, self._same_questions(question, found))
        for candidate, near in zip(found, behind, strict=True):
            if candidate.kind == "heading":
                continue
            ref = candidate.evidence.spans[0].ref
            idf = view.rarity(ref.document_id)
            head = sentence_ranking.HINT * sentence_ranking.hinted(asked, view.head_terms(ref))
            words = sentence_ranking.by_words(asked, candidate, idf) + head + sentence_ranking.FOLLOWS * near
            scored.append((words + sentence_ranking.PAGE * question.page_scores.get(ref, 0.0), candidate))
        scored.sort(key=lambda pair: -pair[0])
        promising = scored[:MAX_EMBEDDED]
        if not promising:
            return []
        phrases = self._embedder.embed(asked.phrases)
        vectors = self._embedder.embed([sentence_ranking.own_text(candidate) for _, candidate in promising])
        own = (vectors @ phrases.T).max(axis=1)
        order = np.argsort([-score - cosine for (score, _), cosine in zip(promising, own, strict=True)])
        best = [(promising[place], float(own[place])) for place in order[:MAX_IN_CONTEXT]]
        around = self._embedder.embed(
            [sentence_ranking.with_context(candidate) for (_, candidate), _ in best]
        )
        return [
            Evidence(candidate.evidence.spans, candidate.text, score + (cosine + float(again)) / 2)
            for ((score, candidate), cosine), again in zip(
                best, (around @ phrases.T).max(axis=1), strict=True
            )
        ]

    def _same_questions(self, question: Question, found: Sequence[Candidate]) -> dict[int, float]:
        """Say of each line that is a question how surely it asks the same."""
        lines = {place: one.text for place, one in enumerate(found) if sentence_ranking.is_question(one.text)}
        if not lines:
            return {}
        cosines = self._embedder.embed(list(lines.values())) @ self._embedder.embed([question.text])[0]
        return {
            place: sentence_ranking.same_question(question.text, line, float(cosine))
            for (place, line), cosine in zip(lines.items(), cosines, strict=True)
        }


def _best_pages(question: Question) -> list[PageRef]:
    return sorted(question.page_scores, key=lambda ref: -question.page_scores[ref])


def _is_of_each(question: Question, view: DocumentView) -> bool:
    return compares(question.text) and asks_of_each(question.text, view.document_ids)


def _of_each(question: Question, view: DocumentView) -> Question:
    """The question as each document is asked, where it compares several."""
    if not _is_of_each(question, view):
        return question
    titles = [view.document(document_id).title for document_id in view.document_ids]
    return replace(question, text=part_asked(question.text, titles))


def _best_of_each(ranked: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence of every document."""
    kept: dict[str, list[Evidence]] = {}
    for one in ranked:
        kept.setdefault(one.spans[0].ref.document_id, []).append(one)
    return sorted((one for own in kept.values() for one in own[:MAX_EVIDENCE]), key=lambda one: -one.score)


def _plain(question: Question) -> Question:
    """The question without contractions and courtesy."""
    return replace(question, text=plain_form(question.text))


def _quoted(chosen: Sequence[Evidence], view: DocumentView) -> tuple[DraftStatement, ...]:
    return tuple(DraftStatement(shown(one, view.text), with_header(one, view), "quoted") for one in chosen)


def _never_mentioned(names: Sequence[str]) -> tuple[str, ...]:
    """Say why nothing was found, where the question names what is not there."""
    listed = ", ".join(f"“{name}”" for name in dict.fromkeys(names))
    return (f"Never mentioned: {listed}.",) if listed else ()
