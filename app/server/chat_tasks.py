"""Chores that chat programs ask of the chosen model beside the conversation: titles, tags, follow-ups, searches.

Open WebUI sends them as a user's message that begins with `### Task:` and names the JSON that it wants. Documents say
nothing of that, so none is asked: a title is the first question, the rest is empty.
"""

from __future__ import annotations

import json
import re

_TASK = re.compile(r"\s*#{1,3} Task:", re.I)
_FORM = re.compile(r'\{\s*"(title|tags|follow_ups|queries|text|emoji|prompt)"\s*:')
_SPOKEN = re.compile(r"^(?:USER|User): ?(.+)$", re.M)
MAX_TITLE_WORDS = 8


def chore(message: str) -> str | None:
    """The reply to a chore; nothing for a question."""
    if not _TASK.match(message):
        return None
    form = _FORM.search(message)
    if form is None or form[1] == "title":
        spoken = _SPOKEN.search(message.rpartition("<chat_history>")[2])
        words = spoken[1].split() if spoken else ["Questions"]
        title = " ".join(words[:MAX_TITLE_WORDS]) + ("…" if len(words) > MAX_TITLE_WORDS else "")
        return json.dumps({"title": title}, ensure_ascii=False) if form else title
    return json.dumps({form[1]: "" if form[1] in ("text", "emoji", "prompt") else []})
