"""OpenAI's requests as far as they are served; what would change an answer and is not, is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=100_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextPart(_Strict):
    type: Literal["text"]
    text: Text


_ROLES = {"developer": "system", "tool": "user", "function": "user"}
"""Words for roles that templates seldom know."""


class ChatMessage(_Strict):
    """Drop what agents keep of earlier turns and says nothing here, such as that no tool was called."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[TextPart] | None = None
    name: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    audio: None = None
    function_call: None = None
    tool_calls: Annotated[list[Any], Field(max_length=0)] | None = None
    tool_call_id: str | None = None

    @model_validator(mode="after")
    def check_content(self) -> ChatMessage:
        if self.content is None and self.role != "assistant":
            raise ValueError("content is missing")
        return self

    def plain(self) -> dict[str, str]:
        found = self.content or ""
        text = found if isinstance(found, str) else "".join(part.text for part in found)
        return {"role": _ROLES.get(self.role, self.role), "content": text}


class TemplateOptions(_Strict):
    """Variables for the model's chat template; a template that does not know one ignores it."""

    enable_thinking: bool | None = None
    thinking: bool | None = None


class PlainText(_Strict):
    type: Literal["text"] = "text"


class KVOptions(_Strict):
    """The document to ask, and the share of it that is seen. `spans`: also say where the attention went."""

    document_id: str | None = None
    policy: str = "full"
    budget: float | None = Field(default=None, gt=0, le=1)
    spans: bool = False


class StreamOptions(_Strict):
    include_usage: bool = False
    include_obfuscation: bool = False


class _NoEffect(_Strict):
    """Fields that clients send at the value that changes nothing; at another one they are refused."""

    store: Literal[False] = False
    metadata: dict[str, Any] | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    logit_bias: Annotated[dict[str, float], Field(max_length=0)] | None = None
    top_k: int | None = None
    min_p: Literal[0] = 0
    repetition_penalty: Literal[1] = 1
    best_of: Literal[1] = 1
    n: Literal[1] = 1
    frequency_penalty: Literal[0] = 0
    presence_penalty: Literal[0] = 0
    user: str | None = None

    @model_validator(mode="before")
    @classmethod
    def drop_nothing(cls, data: Any) -> Any:
        """Clients send what they do not use as null; that asks for nothing."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None}


class _Completion(_NoEffect):
    """Fields that chats and plain completions share."""

    model: str
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    stop: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(max_length=4)] | None = None
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    kv: KVOptions = KVOptions()

    @model_validator(mode="after")
    def check_top_k(self) -> _Completion:
        """All tokens, or the likeliest one, which is taken anyway where nothing is drawn."""
        if self.top_k not in (None, -1, 0) and self.temperature > 0:
            raise ValueError("top_k is not supported: leave it out, or give temperature 0")
        return self

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


MAX_ALTERNATIVES = 20


class ChatRequest(_Completion):
    messages: list[ChatMessage] = Field(min_length=1)
    logprobs: bool = False
    top_logprobs: int = Field(default=0, ge=0, le=MAX_ALTERNATIVES)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    chat_template_kwargs: TemplateOptions = TemplateOptions()
    response_format: PlainText = PlainText()
    modalities: list[Literal["text"]] = []
    tools: Annotated[list[Any], Field(max_length=0)] = []
    functions: Annotated[list[Any], Field(max_length=0)] = []
    tool_choice: Literal["none", "auto"] = "none"
    function_call: Literal["none", "auto"] = "none"
    parallel_tool_calls: bool = False

    @property
    def num_alternatives(self) -> int:
        """Tokens whose chances are told for each place; at least the written one's, where they are asked for."""
        return max(1, self.top_logprobs) if self.logprobs else 0


class CompletionRequest(_Completion):
    prompt: Text
    logprobs: Literal[False, 0] | None = None
    echo: Literal[False] = False
    suffix: Literal[""] = ""


class DocumentRequest(_Strict):
    """A text to be read once, or its token ids as the model's tokenizer gives them; `policy` is what it is read with.

    `goes_first`: [start, end] of parts of the text that are of figures or tables; `look-m` merges them first.
    """

    text: Text | None = None
    token_ids: list[Annotated[int, Field(ge=0, lt=2**31)]] | None = None
    policy: str = "full"
    goes_first: list[tuple[Annotated[int, Field(ge=0)], int]] = []

    @model_validator(mode="after")
    def check_one(self) -> DocumentRequest:
        if (self.text is None) == (self.token_ids is None):
            raise ValueError("give text or token_ids")
        if self.goes_first and self.text is None:
            raise ValueError("goes_first needs text")
        return self
