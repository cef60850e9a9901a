"""Messages become tokens, with the document first, so that what was read once is a prefix of every prompt.

The document stands at the beginning of the first user message. Its tokens end where its text ends: what follows is
tokenised for itself, so the document's tokens are the same whatever is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.kv.cache.kv_document import Source

Message = Mapping[str, str]
_HERE = "\u0001document-ends-here\u0001"
NOTHING: Mapping[str, Any] = MappingProxyType({})
SEPARATOR = "\n\n"


def encode_document(tokenizer: Any, text: str, goes_first: Sequence[tuple[int, int]] = ()) -> Source:
    """Return the text read before any question. Tokens before `text` begin at 0 of it; `goes_first` are parts of it."""
    before = render(tokenizer, [{"role": "user", "content": _HERE}]).partition(_HERE)[0]
    found = tokenizer(before + text, add_special_tokens=False, return_offsets_mapping=True)
    starts = torch.tensor([start for start, _ in found["offset_mapping"]], dtype=torch.int64)
    positions = (starts - len(before)).clamp(min=0)
    is_first = torch.zeros(len(positions) if goes_first else 0, dtype=torch.bool)
    for start, end in goes_first:
        is_first |= (positions >= start) & (positions < end)
    return Source(torch.tensor(found["input_ids"], dtype=torch.int64), positions, is_first)


def encode(tokenizer: Any, text: str) -> Tensor:
    """Token ids (T) of rendered text; special tokens are those that the template wrote."""
    return torch.tensor(tokenizer.encode(text, add_special_tokens=False), dtype=torch.int64)


def encode_chat(tokenizer: Any, messages: Sequence[Message], template: Mapping[str, Any] = NOTHING) -> Tensor:
    """The whole chat; `template` holds what the chat template is told besides, such as not to think."""
    return encode(tokenizer, render(tokenizer, messages, template))


def encode_question(
    tokenizer: Any, messages: Sequence[Message], template: Mapping[str, Any] = NOTHING
) -> Tensor:
    """Return the text behind the document, in the prompt that has it at the head of the first message of the user.

    Raises OptionError when a system message stands before it: the document was read without.
    """
    if not messages or messages[0]["role"] != "user":
        raise OptionError(
            "With a document the first message must be the user's.", "Put instructions into it."
        )
    first = {"role": "user", "content": f"{_HERE}{SEPARATOR}{messages[0]['content']}"}
    return encode(tokenizer, render(tokenizer, [first, *messages[1:]], template).partition(_HERE)[2])


def render(tokenizer: Any, messages: Sequence[Message], template: Mapping[str, Any] = NOTHING) -> str:
    """The prompt as the model's chat template writes it; without a template, roles and texts line by line."""
    plain = [{"role": message["role"], "content": message["content"]} for message in messages]
    if tokenizer.chat_template:
        rendered: str = tokenizer.apply_chat_template(
            plain, tokenize=False, add_generation_prompt=True, **template
        )
        return rendered
    lines = [f"{message['role']}: {message['content']}" for message in plain]
    return "\n".join([*lines, "assistant:"])
