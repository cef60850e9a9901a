"""`catena tables`. It imports what it needs when it runs: `catena --help` waits for no SQLAlchemy and no Rich."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from catena.app.cli.ask import find_or_add
from catena.app.cli.shared_options import Home, Json, PasswordFile, read_password
from catena.app.process_border import make_folder_for, print_json, say, write_file
from catena.render.wording import count
from catena.tables import rows_of
from catena.types import Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tables(
    document: Annotated[
        str, typer.Argument(help="Id, unique prefix, title, path or address (the last two are added first).")
    ],
    folder: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Write each table as CSV to this folder.")
    ] = None,
    page: Annotated[int | None, typer.Option(min=1, help="Only those that stand on this page.")] = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List the tables of a document: rows and cells as data, each cell with its box."""
    from catena.app.cli.terminal import print_tables
    from catena.client import Catena

    with Catena(home) as catena:
        found = find_or_add(catena, document, read_password(password_file))
        listed = catena.library.tables(found.id)
    listed = [one for one in listed if page in (None, *(part.ref.number for part in one.parts))]
    if folder is not None:
        write_tables(listed, folder)
    if as_json:
        print_json({"document_id": found.id, "title": found.title, "tables": list(map(table_json, listed))})
    elif folder is None:
        print_tables(found, listed)
    say(count(len(listed), "table") if listed else "No tables were found.", is_error=as_json)


def write_tables(listed: list[Table], folder: Path) -> None:
    """Write one CSV per table: `3_p12.csv` is the third table, which begins on page 12."""
    make_folder_for(folder)
    for table in listed:
        text = io.StringIO()
        csv.writer(text).writerows([map(_harmless, row) for row in rows_of(table)])
        file = folder / f"{table.number}_p{table.parts[0].ref.number}.csv"
        write_file(file, text.getvalue().encode("utf-8"))
        say(f"Wrote {file}", is_error=True)


def table_json(table: Table) -> dict[str, object]:
    return {
        "number": table.number,
        "pages": [{"page": part.ref.number, "box": _rounded(part.box)} for part in table.parts],
        "caption": table.caption,
        "unit": table.unit,
        "rows": table.num_rows,
        "columns": table.num_columns,
        "head_rows": table.num_head_rows,
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "column_span": cell.column_span,
                "is_head": cell.is_head,
                "text": cell.text,
                "page": cell.page,
                "box": _rounded(cell.box),
            }
            for cell in table.cells
        ],
    }


def _harmless(text: str) -> str:
    """A text that a spreadsheet takes for a formula is marked as text; a negative number is none."""
    is_number = text[1:2].isdigit() and text.startswith(("+", "-"))
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def _rounded(box: tuple[float, float, float, float]) -> list[float]:
    return [round(value, 2) for value in box]
