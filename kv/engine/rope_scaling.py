"""RoPE scaling: ways to stretch a model's positions beyond its trained length, chosen when it is loaded.

linear: positions divided by the factor (position interpolation, arXiv 2306.15595) · ntk: a larger base, so that the
slowest frequency is divided by the factor · base: the base times the factor (LongEmbed, arXiv 2404.12096) · yarn: arXiv
2309.00071 · truncated: frequencies too slow to turn once in the trained length stand still (after Giraffe, 2308.10882).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from catena.errors import OptionError

Kind = Literal["linear", "ntk", "base", "yarn", "truncated"]


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """`factor` is the wanted length by the trained one; without one it follows from `length`, in tokens."""

    kind: Kind
    factor: float | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise OptionError(
                f"There is no RoPE option {self.kind!r}.", f"Take one of: {', '.join(get_args(Kind))}."
            )
        if self.kind != "truncated" and (self.factor is None) == (self.length is None):
            raise OptionError(
                f"The RoPE option {self.kind} takes a factor or a length.", "For example linear:4."
            )
        if self.factor is not None and self.factor < 1:
            raise OptionError(
                f"A RoPE factor below 1 shortens a model: {self.factor:g}.", "Take 2 or 4, say."
            )
        if self.length is not None and self.length < 1:
            raise OptionError(f"A length is a number of tokens, not {self.length}.", "Write 64k, say.")

    def factor_for(self, trained_length: int) -> float:
        """The given factor, or the least whole one that reaches the length (LongEmbed, arXiv 2404.12096)."""
        if self.factor is not None:
            return self.factor
        return max(1.0, math.ceil((self.length or trained_length) / trained_length))


def parse_rope_scaling(text: str) -> RopeScaling:
    """Read `yarn:4`, `linear:64k` (a length) or `truncated`. Raises OptionError."""
    kind, _, value = text.partition(":")
    try:
        if value.endswith("k"):
            return RopeScaling(kind, length=round(float(value[:-1]) * 1024))  # type: ignore[arg-type]
        return RopeScaling(kind, float(value) if value else None)  # type: ignore[arg-type]
    except ValueError:
        raise OptionError(
            f"{text!r} is no RoPE option.", "Write yarn:4, or linear:64k for a length."
        ) from None


def apply_rope_scaling(config: Any, scaling: RopeScaling) -> None:
    """Write the option into a Hugging Face config, before its model is made.

    Raises OptionError for a model whose positions are stretched already: which of the two would hold is unclear.
    """
    kind = config.rope_parameters.get("rope_type", "default")
    if scaling.kind != "truncated" and kind != "default":
        raise OptionError(
            f"The model's positions are stretched already, by {kind}; {scaling.kind} would undo that.",
            "Serve it without --rope, or with --rope truncated.",
        )
    theta = config.rope_parameters["rope_theta"]
    factor = scaling.factor_for(config.max_position_embeddings)
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if scaling.kind == "linear":
        config.rope_parameters = {"rope_type": "linear", "rope_theta": theta, "factor": factor}
    elif scaling.kind == "ntk":
        config.rope_parameters = {"rope_type": "default", "rope_theta": theta * factor ** (dim / (dim - 2))}
    elif scaling.kind == "base":
        config.rope_parameters = {"rope_type": "default", "rope_theta": theta * factor}
    elif scaling.kind == "yarn":
        config.rope_parameters = {
            "rope_type": "yarn",
            "rope_theta": theta,
            "factor": factor,
            "original_max_position_embeddings": config.max_position_embeddings,
        }
    if scaling.kind != "truncated":
        config.max_position_embeddings = round(config.max_position_embeddings * factor)


def truncate_frequencies(rotary: Any, trained_length: int) -> None:
    """Stop the frequencies of a loaded model that turn less than once in its trained length."""
    slowest = 2 * math.pi / trained_length
    rotary.inv_freq.copy_(torch.where(rotary.inv_freq >= slowest, rotary.inv_freq, 0.0))
