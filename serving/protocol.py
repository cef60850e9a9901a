"""OpenAI's requests as far as they are served; the rest is refused, never ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=100_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextPart(_Strict):
    type: Literal["text"]
    text: Text


class ChatMessage(_Strict):
    role: Literal["system", "user", "assistant"]
    content: Text | list[TextPart]
    name: str | None = None

    def plain(self) -> dict[str, str]:
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": self.role, "content": text}


class KVOptions(_Strict):
    """Which document to ask, and how much of it is seen. `spans`: also say where the attention went."""

    document_id: str | None = None
    policy: str = "full"
    budget: float | None = Field(default=None, gt=0, le=1)
    spans: bool = False


class StreamOptions(_Strict):
    include_usage: bool = False


class _Completion(_Strict):
    """What chats and plain completions share."""

    model: str
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    stop: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(max_length=4)] | None = None
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    n: Literal[1] = 1
    frequency_penalty: Literal[0] = 0
    presence_penalty: Literal[0] = 0
    user: str | None = None
    kv: KVOptions = KVOptions()

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class ChatRequest(_Completion):
    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def drop_defaults(cls, data: Any) -> Any:
        """Clients send what they do not use as null; that asks for nothing."""
        return (
            {key: value for key, value in data.items() if value is not None}
            if isinstance(data, dict)
            else data
        )


class CompletionRequest(_Completion):
    prompt: Text


class DocumentRequest(_Strict):
    """A text to be read once, or its token ids as the model's tokenizer gives them; `policy` is what it is read with.

    `goes_first`: [start, end] of parts of the text that are of figures or tables; `look-m` merges them first.
    """

    text: Text | None = None
    token_ids: list[Annotated[int, Field(ge=0)]] | None = None
    policy: str = "full"
    goes_first: list[tuple[Annotated[int, Field(ge=0)], int]] = []

    @model_validator(mode="after")
    def check_one(self) -> DocumentRequest:
        if (self.text is None) == (self.token_ids is None):
            raise ValueError("give text or token_ids")
        if self.goes_first and self.text is None:
            raise ValueError("goes_first needs text")
        return self
