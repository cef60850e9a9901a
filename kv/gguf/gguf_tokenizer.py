"""The tokenizer of a GGUF model, from its keys: vocabulary, merges, how text is cut before, special tokens, template.

transformers' own GGUF reader knows no `tokenizer.ggml.pre`, and so cuts by the family's name; it takes half a minute
for 150,000 tokens. It is asked for SentencePiece vocabularies alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from catena.kv.gguf.gguf_config import unsupported

_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}$digits"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""As in the tokenizer.json of Llama 3 (three digits together) and Qwen 2 (each for itself)."""
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""As in Mistral's, from Nemo on."""
_CUTS = {
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3"), _WORDS.replace("$digits", "{1,3}")),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen"), _WORDS.replace("$digits", "")),
    "tekken": _TEKKEN,
}
_WHOLE_WORDS = ("llama-bpe", "llama3", "llama-v3", "tekken")
"""A word that is a token is not merged from parts."""
_ENDS = ("<|eot_id|>", "<|im_end|>", "<|end|>", "<|end_of_text|>", "<|endoftext|>", "<|eom_id|>")
"""Tokens that end an answer in llama.cpp, too, whatever the file names."""
_CONTROL, _ADDED = 3, 4


def tokenizer_of(path: Path, keys: Mapping[str, Any]) -> Any:
    """Make the tokenizer. Raises ModelUnsupported; KeyError, TypeError for keys that are missing or of no such kind."""
    kind = keys["tokenizer.ggml.model"]
    if kind == "llama":
        made = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    elif kind == "gpt2":
        made = PreTrainedTokenizerFast(tokenizer_object=_bytewise(keys), **_special(keys))
    else:
        raise unsupported(f"its tokenizer is of the kind {str(kind)[:40]!r}")
    made.chat_template = keys.get("tokenizer.chat_template")
    return made


def ends_of(keys: Mapping[str, Any]) -> list[int]:
    """The tokens that end an answer."""
    named = {keys.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")}
    types = keys.get("tokenizer.ggml.token_type") or []
    controls = {
        text: n for n, text in enumerate(keys["tokenizer.ggml.tokens"]) if types[n : n + 1] == [_CONTROL]
    }
    return sorted(
        {one for one in named if isinstance(one, int)} | {controls[end] for end in _ENDS if end in controls}
    )


def _bytewise(keys: Mapping[str, Any]) -> Tokenizer:
    """Byte-level BPE."""
    cut = str(keys.get("tokenizer.ggml.pre", "default"))
    vocabulary = {text: n for n, text in enumerate(keys["tokenizer.ggml.tokens"])}
    merges = [tuple(pair.split(" ", 1)) for pair in keys["tokenizer.ggml.merges"]]
    made = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=cut in _WHOLE_WORDS))
    made.pre_tokenizer = _cutting(cut)
    made.decoder = decoders.ByteLevel()
    types = keys["tokenizer.ggml.token_type"]
    for text, n in vocabulary.items():
        if types[n] == _CONTROL:
            made.add_special_tokens([AddedToken(text, normalized=False, special=True)])
        elif types[n] == _ADDED:
            made.add_tokens([AddedToken(text, normalized=False)])
    return made


def _cutting(cut: str) -> Any:
    if cut in _CUTS:
        return pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_CUTS[cut]), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    if cut in ("smollm", "starcoder", "refact"):
        return pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    if cut == "gpt-2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    raise unsupported(f"how its tokenizer cuts text is not known here: {cut[:40]!r}")


def _special(keys: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the tokens that chat templates and answers know by their role."""
    texts = keys["tokenizer.ggml.tokens"]
    roles = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}
    found = {ours: keys.get(f"tokenizer.ggml.{name}_token_id") for name, ours in roles.items()}
    return {
        f"{role}_token": texts[n] for role, n in found.items() if isinstance(n, int) and 0 <= n < len(texts)
    }
