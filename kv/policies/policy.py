"""A policy says which KV pages a question sees, and where they stand. Published methods are presets of one set of
parameters; what is not as published is called adapted, and how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catena.errors import OptionError

Score = Literal[
    "all",
    "window",
    "random",
    "exact",
    "bound",
    "mean",
    "cuboid",
    "pooled",
    "last",
    "representative",
    "clusters",
    "trained",
    "merged",
]
"""Score of a KV page.

all: every KV page · window: how late it is · random · exact: its true best key (an oracle) ·
bound: channel-wise minimum and maximum · cuboid: mean and mean deviation · mean: mean key ·
pooled: attention-pooled key · last: its last token · representative: its tokens that were looked at most ·
clusters: k-means over single keys · trained · merged: no KV pages are chosen, all keys were merged into few.
"""
Space = Literal["rotated", "unrotated", "distant"]
"""Positions of keys and queries when KV pages are scored: as read; all at one position; queries `reach` behind."""
Granularity = Literal["query_head", "kv_head", "layer"]
Positions = Literal["absolute", "consecutive", "constant", "clipped"]
"""Positions of the selected keys to the question.

absolute: where they were read · consecutive: end to end, the question behind them ·
constant: what is not local is `reach` tokens away · clipped: nothing is further than `reach`.
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """`budget` is a share of the document's KV pages; sink and local ones are seen besides."""

    name: str
    score: Score
    source: str
    """Where it is published, and what is adapted; "peer": made to compare with."""
    budget: float = 0.25
    space: Space = "rotated"
    granularity: Granularity = "kv_head"
    positions: Positions = "absolute"
    reach: int | None = None
    """Tokens; by default the length that the model was trained with."""
    over_tokens: Literal["max", "mean"] = "max"
    """Pooling of the scores of a question's tokens."""
    sink_pages: int = 1
    local_pages: int = 1
    min_pages: int = 1
    dense_layers: int = 0
    """The first layers see everything."""
    is_two_level: bool = False
    """Clusters of clusters decide first."""
    refresh: int = 1
    """Select anew every so many tokens of the answer; 0: once per question."""

    def __post_init__(self) -> None:
        if not 0 < self.budget <= 1:
            raise OptionError(f"A budget is a share from 0 to 1, not {self.budget:g}.", "Take 0.25, say.")
        if min(self.sink_pages, self.local_pages, self.dense_layers, self.refresh) < 0:
            raise OptionError(f"The policy {self.name} counts below zero.")

    def reach_of(self, trained_length: int) -> int:
        """`reach`, for a model of that trained length."""
        return self.reach or trained_length

    def counted_window(self, num_tokens: int) -> int:
        """Return the number of next tokens whose looks are counted when a document of that length is read; 0: none."""
        if self.score == "representative":
            return self.reach or num_tokens
        return num_tokens if self.score == "merged" else 0

    def num_pages(self, total: int) -> int:
        """Return the number of KV pages, of `total`, that a head sees."""
        if self.score == "all":
            return total
        chosen = max(self.min_pages, round(self.budget * total))
        if self.score == "window":  # the local ones are the end of the window
            return min(total, self.sink_pages + max(self.local_pages, chosen))
        return min(total, self.sink_pages + self.local_pages + chosen)


_POLICIES = (
    Policy("full", "all", "Exact attention.", budget=1.0),
    Policy(
        "quest",
        "bound",
        "Quest, arXiv 2406.10774: two dense layers, at least three KV pages, every query head chooses. "
        "Published with KV pages of 16 tokens.",
        granularity="query_head",
        sink_pages=0,
        min_pages=3,
        dense_layers=2,
    ),
    Policy(
        "squeezed",
        "clusters",
        "Squeezed Attention, arXiv 2411.09688: single keys by the score of their cluster, one threshold over all "
        "heads and layers. Key heads shared by a group keep what any query head keeps.",
        sink_pages=0,
        local_pages=0,
    ),
    Policy(
        "squeezed-two-level",
        "clusters",
        "Squeezed Attention, section 3.3: clusters of clusters let half of the keys through before.",
        sink_pages=0,
        local_pages=0,
        is_two_level=True,
    ),
    Policy(
        "lm-infinite",
        "window",
        "LM-Infinite, arXiv 2308.16137: first tokens and, of the budget, the last; distance clipped at the trained "
        "length.",
        positions="clipped",
    ),
    Policy(
        "retro",
        "trained",
        "Adapted: RetroLM, arXiv 2502.11444: a trained retriever of KV pages, one retrieval a question. "
        "No bookmark tokens, and the model itself is not trained further.",
        space="unrotated",
        refresh=0,
    ),
    Policy("mean", "mean", "Peer: the mean key of a KV page."),
    Policy(
        "arkvale",
        "cuboid",
        "ArkVale, NeurIPS 2024: cuboid around the mean, two dense layers.",
        dense_layers=2,
    ),
    Policy(
        "longheads",
        "pooled",
        "Adapted: LongHeads, arXiv 2402.10685: un-rotated queries, every head chooses, KV pages laid end to end. "
        "Pooled by the mean key, not by attention inside the chunk.",
        space="unrotated",
        granularity="query_head",
        positions="consecutive",
    ),
    Policy(
        "landmark-like",
        "last",
        "Adapted: Landmark Attention, arXiv 2305.16300, without its trained token: the last one stands for a KV page.",
        space="unrotated",
        granularity="query_head",
        positions="consecutive",
    ),
    Policy(
        "infllm",
        "representative",
        "Adapted: InfLLM, arXiv 2402.04617: four tokens stand for a KV page, one list a layer, what is not local "
        "stands 4,096 tokens away. Local is the document's end, which does not move on while the answer grows.",
        space="distant",
        granularity="layer",
        positions="constant",
        reach=4096,
        over_tokens="mean",
        sink_pages=2,
        local_pages=64,
    ),
    Policy(
        "look-m",
        "merged",
        "Adapted: LOOK-M, arXiv 2406.18139: tokens that were looked at least are merged into their likest, those of "
        "figures and tables before those of text. Made of text models' caches; a group of heads keeps the same tokens.",
    ),
    Policy("random", "random", "Peer: any KV pages."),
    Policy("oracle", "exact", "Peer: the KV pages that truly hold the best keys."),
)
PRESETS = {policy.name: policy for policy in _POLICIES}


def preset(name: str) -> Policy:
    """The policy of that name. Raises OptionError."""
    if name not in PRESETS:
        raise OptionError(f"There is no KV-page policy {name!r}.", f"Take one of: {', '.join(PRESETS)}.")
    return PRESETS[name]
