"""What somebody says in a recording is told from what others say of the same."""

from __future__ import annotations

import pytest

from catena.agents.candidates import candidates
from catena.agents.document_view import DocumentView
from catena.agents.extractive.speakers import FOUND, NAMED, said, speech_asked
from catena.types import Cue, Line, Page, PageRef, Passage, Segment
from tests.agents.shelf import DOC, MemoryShelf

TURNS = [
    ("Ana", "I saw Etna once."),
    ("Ben Okoro", "Etna. I climbed it. It was cold."),
    ("Ana", "Ben, and Stromboli?"),
]


def talk() -> Page:
    text, lines = "", []
    for speaker, words in TURNS:
        start = len(text)
        text += f"{speaker}: {words}\n"
        end = len(text) - 1
        cue = Cue(start + len(speaker) + 2, end, float(start), float(end), speaker)
        lines.append(Line(start, end, "text", cues=(cue,)))
    return Page(PageRef(DOC, 1), text.rstrip("\n"), "", lines=tuple(lines))


@pytest.mark.parametrize(
    ("question", "speaker", "subject"),
    [
        ("What did Ben say about Etna, and when?", "Ben", "Etna"),
        ("What does Ben Okoro think of the cold?", "Ben Okoro", "the cold"),
        ("What has Ana said?", "Ana", ""),
        ("What did Ana tell us about Stromboli?", "Ana", "Stromboli"),
    ],
)
def test_who_is_asked_about_and_of_what(question: str, speaker: str, subject: str) -> None:
    speech = speech_asked(question, [talk()])
    assert speech and (speech.speaker, speech.subject) == (speaker, subject)


@pytest.mark.parametrize(
    "question",
    ["What did the mayor say about Etna?", "When did Ben climb Etna?", "What did Ben do?", "Who said it?"],
)
def test_other_questions_are_none(question: str) -> None:
    assert speech_asked(question, [talk()]) is None


def test_the_speakers_own_words_on_the_subject_come_first() -> None:
    page = talk()
    view = DocumentView(MemoryShelf([page]), [DOC])
    found = candidates(Segment((Passage(page.ref, 0, len(page.text), page.text),)), view)
    speech = speech_asked("What did Ben say about Etna?", [page])
    assert speech is not None
    own = {one.text: one.score for one in said(speech, found, [], view)}
    assert own == {
        "Ben Okoro: Etna.": FOUND + NAMED,
        "I climbed it.": FOUND + NAMED,  # what a mere name announces
        "It was cold.": FOUND,
    }
