"""A model of two layers that recalls facts because its weights were set by hand: quality measured with no download.

A document is noise with facts `MARK key value` at random positions; the question `ASK key` has one right next token.
Layer 0 copies each token's predecessor, layer 1 finds the token whose predecessor is the key: an induction circuit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

NUM_KEYS = NUM_VALUES = NUM_NOISE = 32
MARK, ASK = 0, 1
FIRST_KEY, FIRST_VALUE, FIRST_NOISE = 3, 3 + NUM_KEYS, 3 + NUM_KEYS + NUM_VALUES
FIRST_ALIAS = FIRST_NOISE + NUM_NOISE
"""Other words for the keys, which no document has and the model takes for the same."""
VOCABULARY = FIRST_ALIAS + NUM_KEYS
CODE = 32
"""Channels of a token's code; the residual stream holds three: the token, its predecessor, the answer."""
HEAD = 64
THETA = 1e6


@dataclass(frozen=True, slots=True)
class Recall:
    """One document, and one question for each of its facts: key, value and the place of the value."""

    tokens: Tensor
    keys: Tensor
    values: Tensor
    positions: Tensor

    def question(self, number: int, *, in_other_words: bool = False) -> Tensor:
        key = int(self.keys[number])
        return torch.tensor([ASK, key - FIRST_KEY + FIRST_ALIAS if in_other_words else key])


def make_recall(num_tokens: int, num_facts: int = 30, *, seed: int = 0) -> Recall:
    """A document of `num_tokens` with facts in slots of three tokens each, no key twice."""
    random = torch.Generator().manual_seed(seed)
    tokens = torch.randint(FIRST_NOISE, FIRST_ALIAS, (num_tokens,), generator=random)
    starts = torch.randperm(num_tokens // 3, generator=random)[:num_facts] * 3
    keys = FIRST_KEY + torch.randperm(NUM_KEYS, generator=random)[:num_facts]
    values = FIRST_VALUE + torch.randint(NUM_VALUES, (num_facts,), generator=random)
    tokens[starts], tokens[starts + 1], tokens[starts + 2] = MARK, keys, values
    return Recall(tokens, keys, values, starts + 2)


def plant(*, sharpness: float = 12.0, max_length: int = 1100, seed: int = 0) -> Any:
    """A Qwen2 model (its projections of queries and keys have biases) with the circuit in its weights."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=3 * CODE,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=HEAD,
        max_position_embeddings=max_length,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
        tie_word_embeddings=False,
    )
    model = Qwen2ForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        codes = torch.randn(FIRST_ALIAS, CODE, generator=torch.Generator().manual_seed(seed))
        codes = torch.cat((codes, codes[FIRST_KEY:FIRST_VALUE]))
        codes /= codes.norm(dim=-1, keepdim=True)
        model.model.embed_tokens.weight[:, :CODE] = codes
        model.lm_head.weight[:, 2 * CODE :] = codes * 4
        for layer in model.model.layers:
            layer.input_layernorm.weight.fill_(1)
            layer.post_attention_layernorm.weight.fill_(1)
        model.model.norm.weight.fill_(1)
        _plant_predecessor(model.model.layers[0].self_attn)
        _plant_match(model.model.layers[1].self_attn, sharpness)
    return model


def _plant_predecessor(attention: Any) -> None:
    """Biases alone make the score of a token cos((distance - 1) f) over fast frequencies f: best for the one before."""
    half, fast = HEAD // 2, HEAD // 8
    angles = THETA ** (-torch.arange(half) / half)
    attention.k_proj.bias[:fast] = 6.0
    attention.q_proj.bias[:fast] = 6.0 * angles[:fast].cos()
    attention.q_proj.bias[half : half + fast] = -6.0 * angles[:fast].sin()
    attention.v_proj.weight[:CODE, :CODE] = torch.eye(CODE)
    attention.o_proj.weight[CODE : 2 * CODE, :CODE] = torch.eye(CODE) / (3 * CODE) ** 0.5


def _plant_match(attention: Any, sharpness: float) -> None:
    """The token's code asks, the predecessor's answers, in the slow half of the frequencies."""
    slow = torch.cat((torch.arange(16, 32), torch.arange(48, 64)))
    attention.q_proj.weight[slow, :CODE] = torch.eye(CODE) * sharpness
    attention.k_proj.weight[slow, CODE : 2 * CODE] = torch.eye(CODE)
    attention.v_proj.weight[:CODE, :CODE] = torch.eye(CODE)
    attention.o_proj.weight[2 * CODE :, :CODE] = torch.eye(CODE) / (3 * CODE) ** 0.5


def words_of(tokens: Tensor) -> str:
    """A document as text: `mark key3 value17 noise5 …`."""
    names = vocabulary()
    return " ".join(names[token] for token in tokens.tolist())


def vocabulary() -> list[str]:
    groups = (("key", NUM_KEYS), ("value", NUM_VALUES), ("noise", NUM_NOISE))
    aliases = [f"alias{chr(97 + n // 8)}{chr(97 + n % 8)}" for n in range(NUM_KEYS)]  # no number in common
    words = [f"{name}{n}" for name, count in groups for n in range(count)]
    return ["mark", "ask", "unknown", *words, *aliases]


def save_checkpoint(model: Any, folder: Path) -> None:
    """Write the model as any Hugging Face model is written, with a tokenizer of whole words and a chat template."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(vocabulary())}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="unknown"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="unknown")
    fast.chat_template = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
