"""One document as a strip of pages: a row each for what search made of it, who read what, what was read and cited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from catena.app.ui.labels import counted
from catena.trace import DocumentTrace, PageTrace, PathTrace

FAINT = 0.1
"""Of the best page's heat: what is less is not drawn."""
ROW_PIXELS = 34
LABEL_SHARE = 0.06
"""Of the strip's width: bars that are narrower have their label in the table alone."""
COLORS = {"search": "#b8860b", "readers": "#3f6b86", "use": "#c0563f"}
Mark = dict[str, Any]


def show_strip(document: DocumentTrace, paths: Sequence[PathTrace]) -> None:
    """Draw the strip, and say it in words and as a table for whoever cannot see it."""
    marks = [*_pages(document), *_readers(document.document_id, paths)]
    st.caption(_in_words(document))
    if not marks:
        return
    st.vega_lite_chart(_chart(marks, len(document.pages)), width="stretch")
    with st.expander("The same as a table", icon=":material/table:"):
        table = [
            {"row": mark["row"], "pages": _range(mark), "strength": mark["strength"], "": mark["label"]}
            for mark in marks
        ]
        st.dataframe(table, hide_index=True)


def _pages(document: DocumentTrace) -> Iterator[Mark]:
    for retriever, heat in document.heat.items():
        for number, strength in sorted(heat.items()):
            if strength >= FAINT:
                yield _mark(f"fits by {retriever}", number, number, round(strength, 2), "search")
    finders = sorted({page.found_by for page in document.pages if page.found_by})
    rows: list[tuple[str, str, Callable[[PageTrace], bool]]] = [
        *((f"found ({name})", "search", partial(_is_found_by, name)) for name in finders),
        ("read", "use", lambda page: page.is_read),
        ("cited", "use", lambda page: page.is_cited),
    ]
    for row, group, has in rows:
        for first, last in _runs(document.pages, has):
            yield _mark(row, first, last, 1.0, group)


def _is_found_by(name: str, page: PageTrace) -> bool:
    return page.found_by == name


def _readers(document_id: str, paths: Sequence[PathTrace]) -> Iterator[Mark]:
    for path in paths:
        row = f"path {path.number}" if len(paths) > 1 else "readers"
        for order, worker in enumerate(path.workers, 1):
            if worker.document_id == document_id:
                label = f"{order} failed" if worker.failed else f"{order}: +{len(worker.facts)}"
                yield _mark(row, *worker.pages, 0.4 if worker.failed else 1.0, "readers", label)


def _mark(row: str, first: int, last: int, strength: float, group: str, label: str = "") -> Mark:
    mark = {"row": row, "first": first - 0.5, "last": last + 0.5, "strength": strength, "group": group}
    return {**mark, "label": label, "pages": f"{first}" if first == last else f"{first} to {last}"}


def _range(mark: Mark) -> str:
    return str(mark["pages"])


def _runs(pages: Sequence[PageTrace], has: Callable[[PageTrace], bool]) -> Iterator[tuple[int, int]]:
    """Pages in a row that have something in common, as (first, last)."""
    first = None
    for page in pages:
        if has(page):
            first = page.number if first is None else first
        elif first is not None:
            yield first, page.number - 1
            first = None
    if first is not None:
        yield first, pages[-1].number


def _chart(marks: Sequence[Mark], num_pages: int) -> Mapping[str, Any]:
    """The strip in Vega-Lite. Each layer holds its data, which Streamlit else turns into a table of pandas first."""
    rows = list(dict.fromkeys(mark["row"] for mark in marks))
    order = [row for row in rows if row not in ("read", "cited")]
    order += [row for row in ("read", "cited") if row in rows]
    place = {
        "x": {
            "field": "first",
            "type": "quantitative",
            "scale": {"domain": [0.5, num_pages + 0.5], "nice": False},
            "axis": {"format": "d", "tickMinStep": 1, "grid": False, "title": "page"},
        },
        "y": {
            "field": "row",
            "type": "nominal",
            "sort": order,
            "title": None,
            "axis": {"labelLimit": 200},
            "scale": {"paddingInner": 0.25},
        },
    }
    paint = {
        "field": "group",
        "type": "nominal",
        "scale": {"domain": list(COLORS), "range": list(COLORS.values())},
        "legend": None,
    }
    strength = {"domain": [0, 1], "range": [0.1, 1]}
    told = [{"field": name, "type": "nominal"} for name in ("row", "pages", "strength", "label")]
    bars = {
        "data": {"values": list(marks)},
        "mark": {"type": "bar", "cornerRadius": 1, "minBandSize": 2, "strokeWidth": 0.6},
        "encoding": {
            **place,
            "x2": {"field": "last"},
            "color": paint,
            "stroke": paint,
            "opacity": {"field": "strength", "type": "quantitative", "scale": strength, "legend": None},
            "tooltip": told,
        },
    }
    wide = [
        mark for mark in marks if mark["label"] and mark["last"] - mark["first"] > num_pages * LABEL_SHARE
    ]
    labels = {
        "data": {"values": wide},
        "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 11, "color": "white"},
        "encoding": {**place, "text": {"field": "label"}},
    }
    return {"layer": [bars, labels], "height": ROW_PIXELS * len(order) + 40}


def _in_words(document: DocumentTrace) -> str:
    cited = ", ".join(str(page.number) for page in document.pages if page.is_cited)
    read = sum(page.is_read for page in document.pages)
    found = sum(bool(page.found_by) for page in document.pages)
    total = counted(len(document.pages), "page")
    return f"{total} · {found} found by search · {read} read · cited: {cited or 'none'}"
