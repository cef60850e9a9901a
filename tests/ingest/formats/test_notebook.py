"""Notebooks: text, code and outputs; nothing is run."""

import json
from typing import Any

import pytest

from catena.types import Page
from tests.ingest.conftest import Parse

TABLE = "<table><tr><th>city</th><th>units</th></tr><tr><td>Graz</td><td>12</td></tr></table>"
CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "source": ["# Sales\n", "Two *cities*."]},
    {
        "cell_type": "code",
        "source": "import os\nprint(total)",
        "outputs": [
            {"output_type": "stream", "text": ["The total is 4711.\n"]},
            {
                "output_type": "execute_result",
                "data": {"text/html": TABLE, "text/plain": "x", "image/png": "aa"},
            },
            {"output_type": "error", "ename": "KeyError", "evalue": "'x'"},
        ],
    },
]


def notebook(cells: Any) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def lines(page: Page) -> list[tuple[str, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


def test_cells_and_outputs(parse: Parse) -> None:
    document, pages = parse("a.ipynb", notebook(CELLS))
    assert lines(pages[0]) == [
        ("heading", "Sales"), ("text", "Two cities."), ("text", "import os"), ("text", "print(total)"),
        ("text", "The total is 4711."), ("row", "city units"), ("row", "Graz 12"), ("text", "KeyError: 'x'"),
    ]  # fmt: skip
    assert (document.kind, document.message) == ("notebook", "pictures that were not read: 1")


@pytest.mark.parametrize(
    "content",
    ['{"cells": [', '{"cells": ' + "[" * 200_000, notebook([1, {"outputs": 3}]), notebook({"a": 1})],
)
def test_broken_notebooks(parse: Parse, content: str) -> None:
    document, _ = parse("a.ipynb", content)
    assert document.status == "failed"
    assert document.remedy
