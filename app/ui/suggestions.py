"""Questions that a document can be asked, from its headings and what kind of document it is: each was tried before."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import streamlit as st

from catena.app.ui.error_view import guarded
from catena.app.ui.headings import Candidate, questions_of
from catena.app.ui.labels import plain
from catena.app.ui.visitor_session import open_client
from catena.client import Catena
from catena.errors import CatenaError
from catena.options import AskOptions
from catena.types import Answer, Document

NUM_SHOWN, MAX_TRIED = 4, 8
MAX_DOCUMENTS = 3
"""Of those that are asked: the questions of so many are shown."""
WAIT_SECONDS = 0.5
QUICKLY = AskOptions("retrieve", model="")
"""The embedded reader, which costs nothing."""
CLICKED = "suggestion-clicked"
_log = logging.getLogger(__name__)
_behind = ThreadPoolExecutor(1, "catena-suggestions")


@dataclass(slots=True)
class Suggested:
    """Suggestions found so far; written by one thread alone."""

    questions: list[str] = field(default_factory=list)
    is_over: bool = False


@st.cache_resource(max_entries=256, show_spinner=False)
def _suggested(document_id: str, parser_version: str) -> Suggested:
    """Begin to look for a document's questions, once for all visitors."""
    found, catena = Suggested(), open_client()
    _behind.submit(_find, catena, document_id, found)
    return found


def show_suggestions(documents: Sequence[Document]) -> str | None:
    """Show what may be asked, at once what goes for every document. Returns the question that was clicked."""
    these = "is this document" if len(documents) == 1 else "are these documents"
    if _button(f"What {these} about?"):
        return f"What {these} about?"
    found = [_suggested(one.id, one.parser_version) for one in documents[:MAX_DOCUMENTS]]
    _show_found(found, is_watched=not all(one.is_over for one in found))
    clicked: str | None = st.session_state.pop(CLICKED, None)
    return clicked


def _show_found(found: Sequence[Suggested], *, is_watched: bool) -> None:
    """Show the questions as they are found, in turn from each document."""

    @st.fragment(run_every=1.0 if is_watched else None)
    @guarded
    def show() -> None:
        in_turn = [
            one.questions[place] for place in range(NUM_SHOWN) for one in found if place < len(one.questions)
        ]
        for question in in_turn[:NUM_SHOWN]:
            if _button(question):
                st.session_state[CLICKED] = question
                st.rerun()
        if is_watched and all(one.is_over for one in found):
            st.rerun()

    show()


def _button(question: str) -> bool:
    return st.button(plain(question), key=f"suggest-{question}", icon=":material/chat:")


def _find(catena: Catena, document_id: str, found: Suggested) -> None:
    """Ask one question after the other while nobody else asks; keep those that are answered where they should be."""
    try:
        document = catena.library.document(document_id)
        for candidate in questions_of(catena, document)[:MAX_TRIED]:
            while catena.runs.under_way():
                time.sleep(WAIT_SECONDS)
            if len(found.questions) == NUM_SHOWN:
                return
            asking = catena.questions.ask(
                candidate.question, documents=[document], options=QUICKLY, is_kept=False
            )
            if _is_good(candidate, asyncio.run(asking)):
                found.questions.append(candidate.question)
    except CatenaError:  # removed meanwhile
        return
    except Exception:  # a thread's border: whoever asks can do without, the log has it
        if threading.main_thread().is_alive():  # else the server ends, and so does all that it began
            _log.exception("no questions were found for %s", document_id[:12])
    finally:
        found.is_over = True


def _is_good(candidate: Candidate, answer: Answer) -> bool:
    """Tell whether it was answered, from the pages where the answer must stand and with the words that it must have."""
    if answer.status != "answered" or answer.confidence not in ("likely", "possible"):
        return False
    first = answer.citations[0]
    pages = {part.ref.number for part in first.parts}
    return (not candidate.pages or bool(pages & set(candidate.pages))) and candidate.fits(answer.text)
