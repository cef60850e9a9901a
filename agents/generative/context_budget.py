"""Division of a model's window between the prompt's own words, what it shows, and the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catena.errors import OptionError
from catena.llm.protocol import Message, prompt_tokens


@dataclass(frozen=True, slots=True)
class ContextBudget:
    """Tokens of a window; `text` is what is left for passages, notes and quotes."""

    window: int
    reply: int
    text: int

    def narrowed(self, text: int) -> ContextBudget:
        """The same with no more than so many tokens for passages."""
        spare = max(0, self.text - text)
        return ContextBudget(self.window - spare, self.reply, self.text - spare)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tokens of one worker's window: `passages` for what it reads, `note` for what it is handed and hands on."""

    window: int
    passages: int
    note: int
    reply: int


def divide(window: int, max_reply: int, share: int, messages: Sequence[Message]) -> ContextBudget:
    """Reserve tokens for the empty prompt and a reply of `max_reply`, in a small window of one part in `share`."""
    reply = min(max_reply, window // share)
    return ContextBudget(window, reply, window - reply - prompt_tokens(messages))


def too_small(name: str, window: int) -> OptionError:
    return OptionError(
        f"Not one passage fits the window of {name}, {window} tokens, beside the question.",
        "Ask in fewer words, or set CATENA_CONTEXT_WINDOW if the model takes more.",
    )
