"""Requests of OpenAI's chat protocol as far as they change an answer; what changes nothing here is passed over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from catena.app.server.bodies import About
from catena.app.server.question_desk import Asked
from catena.document_filter import Filter
from catena.errors import OptionError
from catena.options import AskOptions

PREFIX = "catena/"
LIBRARY = f"{PREFIX}library"
"""The model that answers from all documents; `catena/NAME` answers from one."""
COLLECTION = f"{PREFIX}collection/"
"""Before the name of a collection: the model that answers from its documents."""
_LINK = re.compile(r"\s?\[p\. [^\]\n]*\]\([^)\s]*\)")
"""What our answers end their sentences with."""


class Part(BaseModel):
    """A part of a message: text. Pictures are refused, since nobody here looks at them."""

    type: str
    text: str = ""


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """All text of it. Raises OptionError for other parts."""
        if not isinstance(self.content, list):
            return self.content or ""
        if other := next((part.type for part in self.content if part.type not in ("text", "refusal")), ""):
            raise OptionError(f"A message has a part of the type {other[:40]!r}.", "Send text.")
        return "".join(part.text for part in self.content)


class CatenaBody(About):
    """`extra_body={"catena": {...}}`: documents or a collection in place of the model's, and options of the SDK."""

    model_config = ConfigDict(extra="forbid")

    options: AskOptions = Field(default_factory=AskOptions)


class PlainText(BaseModel):
    type: Literal["text"] = "text"


class StreamOptions(BaseModel):
    include_usage: StrictBool = False


class ChatRequest(BaseModel):
    """System messages, sampling and tools change nothing: the documents answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": LIBRARY,
                    "messages": [{"role": "user", "content": "How long does the battery last?"}],
                }
            ]
        }
    )

    model: str = Field(min_length=1, max_length=1000)
    messages: list[Message] = Field(min_length=1)
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    response_format: PlainText | None = None
    catena: CatenaBody = Field(default_factory=CatenaBody)

    @property
    def question(self) -> str:
        """The last message. Raises OptionError where it is not the user's."""
        if self.messages[-1].role != "user":
            raise OptionError("The last message is not the user's.", "End messages with a question.")
        return self.messages[-1].text

    def asked(self) -> Asked:
        """The question, what it is asked of, and what was said before."""
        about = self.catena.about
        if about is None and self.model.startswith(COLLECTION):
            about = Filter(self.model.removeprefix(COLLECTION))
        elif about is None and self.model != LIBRARY:
            about = (self.model.removeprefix(PREFIX),)
        options, is_kept = self.catena.options, self.catena.options.thread_id is not None
        if not is_kept:
            options = replace(options, turns=tuple(self._turns()))
        return Asked(self.question, about, options, is_kept=is_kept)

    def _turns(self) -> list[tuple[str, str]]:
        """Earlier questions with their answers, without the links that we put there."""
        said = [message for message in self.messages[:-1] if message.role in ("user", "assistant")]
        return [
            (one.text, _LINK.sub("", other.text))
            for one, other in zip(said, said[1:], strict=False)
            if (one.role, other.role) == ("user", "assistant") and one.text and other.text
        ]
