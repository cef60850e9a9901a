"""Words for figures, the same on the terminal, in the browser and in what is exported."""

from __future__ import annotations

from collections.abc import Sequence

from catena.render.wording import count
from catena.types import Figure


def name_of(figure: Figure) -> str:
    """Its printed label, else its place in the document: "figure 3 without a label"."""
    return figure.label or f"figure {figure.number} without a label"


def counted_figures(figures: Sequence[Figure]) -> str:
    """Count what was read: "3 figures: 2 read, 1 not read (no text in it)"; nothing where there are none."""
    if not figures:
        return ""
    states = [figure.state for figure in figures]
    parts = [f"{states.count('read')} read"]
    if number := states.count("no text"):
        parts.append(f"{number} not read (no text in it)")
    if number := states.count("unread"):
        parts.append(f"{number} not read (its text was not recognised)")
    return f"{count(len(figures), 'figure')}: {', '.join(parts)}"
