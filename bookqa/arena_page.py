"""A ranking as one HTML file, its picture inline, no script and nothing from elsewhere; and as PNG (extra `plots`)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from textwrap import wrap
from typing import TYPE_CHECKING

from catena.bookqa.arena import Ranking, Standing
from catena.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME, PLOT, ROW, TOP = 190, 420, 34, 16
"""Widths and heights of the picture in pixels."""
CAPTION = 150
"""Characters of a line above a picture."""
INK, ACCENT = "#1f2937", "#2563eb"
_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Arena</title><style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2937; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .3rem .7rem; text-align: right }
th:first-child, td:first-child { text-align: left } tr { border-bottom: 1px solid #e5e7eb } svg { max-width: 100% }
</style></head><body><h1>Arena</h1>$rankings</body></html>
""")


def caption(ranking: Ranking) -> str:
    """One line on what was judged by whom."""
    failed = f", {ranking.num_failed} undecided" if ranking.num_failed else ""
    calls, cost = ranking.usage.calls, ranking.usage.cost_usd
    took = f"; {calls:,} model calls" if calls else ""
    took += f", ${cost:,.2f}" if calls and cost is not None else ""
    return (
        f"Judge: {ranking.judge}; {ranking.num_games} of {ranking.num_possible} games on {ranking.num_items} "
        f"questions, each in both orders, {ranking.num_flips} flips counted as ties{failed}{took}."
    )


def agreement_lines(rankings: Sequence[Ranking]) -> list[str]:
    """Describe the agreement of judges, and of people."""
    found = dict.fromkeys(one for ranking in rankings for one in ranking.agreements)
    return [
        f"{one.left} and {one.right}: the same verdict on {one.same:.0%} of {one.num} games, opposed on "
        f"{one.opposed:.0%}, kappa {'not defined' if one.kappa is None else f'{one.kappa:.2f}'}"
        for one in found
    ]


def to_html(rankings: Sequence[Ranking]) -> str:
    """The whole page."""
    parts = [_section(ranking) for ranking in rankings]
    parts += [f"<p>{escape(line)}.</p>" for line in agreement_lines(rankings)]
    return _PAGE.substitute(rankings="\n".join(parts))


def to_svg(standings: Sequence[Standing]) -> str:
    """Strengths as dots with their intervals as lines, best on top."""
    low, high = _bounds(standings)

    def at(value: float) -> float:
        return NAME + (value - low) / (high - low) * PLOT

    height = TOP + ROW * len(standings) + 30
    base = TOP + ROW * len(standings)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Strengths with 95% intervals" '
        f'viewBox="0 0 {NAME + PLOT + 70} {height}" width="{NAME + PLOT + 70}" font-size="14" fill="{INK}">',
        f'<line x1="{at(0):.1f}" x2="{at(0):.1f}" y1="{TOP}" y2="{base}" stroke="#d1d5db" stroke-dasharray="4 3"/>',
    ]
    for row, one in enumerate(standings):
        y, strength = TOP + ROW * row + ROW / 2, one.strength
        lines += [
            f'<text x="{NAME - 12}" y="{y + 5:.1f}" text-anchor="end">{escape(one.system)}</text>',
            f'<line x1="{at(strength.low):.1f}" x2="{at(strength.high):.1f}" y1="{y}" y2="{y}" '
            f'stroke="{ACCENT}" stroke-width="3" stroke-linecap="round"/>',
            f'<circle cx="{at(strength.value):.1f}" cy="{y}" r="6" fill="{ACCENT}"/>',
            f'<text x="{NAME + PLOT + 12}" y="{y + 5:.1f}">{strength.value:+.2f}</text>',
        ]
    lines.append(
        f'<text x="{at(0):.1f}" y="{base + 20}" text-anchor="middle">log-strength, mean 0</text></svg>'
    )
    return "\n".join(lines)


def write_png(rankings: Sequence[Ranking], path: Path) -> None:
    """Draw strengths and the win matrix side by side, a row a judge. Raises MissingExtra without matplotlib."""
    try:
        from matplotlib.figure import Figure  # half a second, and an extra
    except ImportError as error:
        raise MissingExtra("matplotlib", "plots") from error
    heights = [1.6 + 0.5 * len(ranking.standings) for ranking in rankings]
    figure = Figure(figsize=(11, sum(heights)), layout="constrained")
    rows = figure.subfigures(len(rankings), 1, height_ratios=heights, squeeze=False)[:, 0]
    for ranking, row in zip(rankings, rows, strict=True):
        left, right = row.subplots(1, 2)
        _draw_strengths(left, ranking.standings)
        _draw_shares(right, ranking)
        row.suptitle("\n".join(wrap(caption(ranking), CAPTION)), fontsize=9)
    image = BytesIO()
    figure.savefig(image, format="png", dpi=130, metadata={"Software": None})
    path.write_bytes(image.getvalue())


def _draw_strengths(axes: Axes, standings: Sequence[Standing]) -> None:
    strengths, rows = [one.strength for one in standings], range(len(standings))
    lows, highs = [one.low for one in strengths], [one.high for one in strengths]
    axes.hlines(rows, lows, highs, colors=ACCENT, linewidth=3)
    axes.plot([one.value for one in strengths], rows, "o", color=ACCENT, markersize=8)
    axes.axvline(0, color="#d1d5db", linestyle="--", zorder=0)
    axes.set(xlabel="log-strength (Bradley-Terry), 95% interval")
    axes.set_yticks(rows, [one.system for one in standings])
    axes.invert_yaxis()


def _draw_shares(axes: Axes, ranking: Ranking) -> None:
    names, shares = [one.system for one in ranking.standings], win_shares(ranking)
    filled = [[0.5 if cell is None else cell for cell in row] for row in shares]
    axes.imshow(filled, cmap="RdBu", vmin=0, vmax=1)
    for i, row in enumerate(shares):
        for j, cell in enumerate(row):
            if cell is not None:
                colour = "white" if abs(cell - 0.5) > 0.3 else INK
                axes.text(j, i, f"{cell:.0%}", ha="center", va="center", fontsize=9, color=colour)
    axes.set(title="row beats column, ties half")
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)


def win_shares(ranking: Ranking) -> list[list[float | None]]:
    """The share of games that the row won of the column, ties half; None where they did not meet."""
    wins = ranking.matrix
    return [
        [
            None if i == j or not (played := wins[i][j] + wins[j][i]) else wins[i][j] / played
            for j in range(len(wins))
        ]
        for i in range(len(wins))
    ]


def _section(ranking: Ranking) -> str:
    names = [escape(one.system) for one in ranking.standings]
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = [
        f"<tr><td>{name}</td>"
        + "".join(f"<td>{'' if cell is None else f'{cell:.0%}'}</td>" for cell in row)
        + "</tr>"
        for name, row in zip(names, win_shares(ranking), strict=True)
    ]
    games = [
        f"<tr><td>{escape(one.system)}</td><td>{one.strength.value:+.2f}</td>"
        f"<td>{one.strength.low:+.2f} to {one.strength.high:+.2f}</td>"
        f"<td>{one.wins}</td><td>{one.ties}</td><td>{one.losses}</td></tr>"
        for one in ranking.standings
    ]
    return (
        f"<h2>{escape(ranking.judge)}</h2><p>{escape(caption(ranking))}</p>{to_svg(ranking.standings)}"
        "<table><tr><th>system</th><th>strength</th><th>95% interval</th><th>won</th><th>tied</th><th>lost</th></tr>"
        f"{''.join(games)}</table><p>Share of games that the row won of the column, ties half:</p>"
        f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"
    )


def _bounds(standings: Sequence[Standing]) -> tuple[float, float]:
    """Return the span of the axis: all intervals and zero, never nothing."""
    low = min([0.0, *(one.strength.low for one in standings)])
    high = max([0.0, *(one.strength.high for one in standings)])
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room
