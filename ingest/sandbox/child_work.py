"""Work of a parser copy on one request: read a file into frames by its kind, or draw one of its pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pymupdf

from catena.errors import DocumentError
from catena.ingest.confinement.confinement import OUT_OF_MEMORY_EXIT
from catena.ingest.formats.docx import read_docx
from catena.ingest.formats.epub import read_epub
from catena.ingest.formats.file_kind import DRAWN
from catena.ingest.formats.html import read_html
from catena.ingest.formats.latex import read_latex
from catena.ingest.formats.mail import read_mail, read_mailbox, read_mhtml
from catena.ingest.formats.notebook import read_notebook
from catena.ingest.formats.open_document import read_odp, read_odt
from catena.ingest.formats.outlook import read_msg
from catena.ingest.formats.plain_text import read_markdown, read_text
from catena.ingest.formats.pptx import read_pptx
from catena.ingest.formats.rtf import read_rtf
from catena.ingest.formats.transcripts import read_transcript
from catena.ingest.frames import MAX_NAME, MAX_PAGE_CHARS, Send, figure_frame, page_frame
from catena.ingest.given_file import given_file
from catena.ingest.ocr.tesseract import Recogniser
from catena.ingest.page_image import draw
from catena.ingest.pagination.blocks import Book
from catena.ingest.pagination.paged_book import FlowReading
from catena.ingest.pdf.pdf_reader import Keep, PdfReading
from catena.ingest.reader_protocol import Reading
from catena.ingest.sheets.delimited import read_csv
from catena.ingest.sheets.ods import read_ods
from catena.ingest.sheets.xls import read_xls
from catena.ingest.sheets.xlsx import read_xlsx
from catena.types import Kind

_MAX_TITLE = 500
_BOOKS: dict[Kind, Callable[[Path], Book]] = {
    "docx": read_docx,
    "epub": read_epub,
    "html": read_html,
    "markdown": read_markdown,
    "text": read_text,
    "xlsx": read_xlsx,
    "xls": read_xls,
    "ods": read_ods,
    "csv": read_csv,
    "transcript": read_transcript,
    "pptx": read_pptx,
    "odp": read_odp,
    "odt": read_odt,
    "rtf": read_rtf,
    "eml": read_mail,
    "mbox": read_mailbox,
    "msg": read_msg,
    "mhtml": read_mhtml,
    "latex": read_latex,
    "notebook": read_notebook,
}


def handle(request: Mapping[str, Any], send: Send) -> None:
    """Do one request; every failure is a frame, but for the lack of memory, which is an exit code."""
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    work: Callable[[Mapping[str, Any], Send], None] = {"parse": _parse, "render": _render}[request["op"]]
    try:
        work(request, send)
    except DocumentError as error:
        _fail(send, error, request)
    except MemoryError:
        os._exit(OUT_OF_MEMORY_EXIT)
    except Exception as error:  # the border of the process: whatever a hostile file brings about
        if "malloc" in str(error) or "out of memory" in str(error):
            os._exit(OUT_OF_MEMORY_EXIT)
        _fail(send, _damaged(request, error), request)


def _parse(request: Mapping[str, Any], send: Send) -> None:
    def keep(number: int, recognised: bytes, in_part: bool) -> None:
        send({"type": "recognised", "number": number, "in_part": in_part}, recognised)

    order = request["recognition"]
    reading = open_reading(
        given_file(request["document"], request["name"]),
        request["kind"],
        request["password"],
        Recogniser(order, request["known"]) if order else None,
        keep,
        request["picture_remedy"],
        is_ahead=True,
    )
    _check_num_pages(request, reading.num_pages)
    opened = {"pages": reading.num_pages, "title": reading.title[:_MAX_TITLE], "metadata": reading.metadata}
    send({"type": "open", **opened})
    for page in reading.pages(request["document_id"]):
        _check_num_pages(request, page.ref.number)
        if len(page.text) > MAX_PAGE_CHARS:
            raise DocumentError(
                "too_big",
                f"Page {page.ref.number} of {request['name']} has {len(page.text):,} characters.",
                f"Catena reads pages of up to {MAX_PAGE_CHARS:,}; split the file.",
            )
        send(*page_frame(page))
        for figure in reading.take_figures():
            send(*figure_frame(figure))
    for one in reading.attached:
        send({"type": "attached", "name": one.name[:MAX_NAME]}, one.data)
    _finish(reading, request, send)


def _finish(reading: Reading, request: Mapping[str, Any], send: Send) -> None:
    outcome = reading.outcome()
    send(
        {
            "type": "done",
            "outline": [(entry.level, entry.title[:_MAX_TITLE], entry.page) for entry in reading.outline],
            "status": outcome.status,
            "pages_with_text": outcome.pages_with_text,
            "reason": outcome.reason,
            "message": _named(outcome.message, request),
            "remedy": outcome.remedy,
        }
    )


def _render(request: Mapping[str, Any], send: Send) -> None:
    reading = open_reading(
        given_file(request["document"], request["name"]), request["kind"], request["password"]
    )
    number = request["number"]
    if number < 1 or (reading.num_pages and number > reading.num_pages):
        raise DocumentError(
            "damaged",
            f"{request['name']} has no page {number}.",
            f"Its pages run from 1 to {reading.num_pages}.",
        )
    picture = reading.render(number, request["dpi"])
    send({"type": "image"}, draw(picture, [tuple(box) for box in request["boxes"]], request["clip"]))


def _check_num_pages(request: Mapping[str, Any], num_pages: int) -> None:
    if num_pages > request["max_pages"]:
        raise DocumentError(
            "too_big",
            f"{request['name']} has more than {request['max_pages']:,} pages.",
            "Raise CATENA_MAX_PAGES, or split the file.",
        )


def _damaged(request: Mapping[str, Any], error: Exception) -> DocumentError:
    what = " ".join(str(error).split())[:200] or type(error).__name__
    return DocumentError(
        "damaged",
        f"{request['name']} cannot be read: {what}",
        "Open it in a viewer and save or export it anew, then add that.",
    )


def _fail(send: Send, error: DocumentError, request: Mapping[str, Any]) -> None:
    message = _named(error.message, request)
    send({"type": "failed", "reason": error.reason, "message": message, "remedy": error.remedy[:2000]})


def _named(message: str, request: Mapping[str, Any]) -> str:
    """Name the file in an error on a path: it names the descriptor; people know the file by its name."""
    return message.replace(str(given_file(request["document"], "")), request["name"])[:2000]


def open_reading(
    path: Path,
    kind: Kind,
    password: str | None,
    recogniser: Recogniser | None = None,
    keep: Keep | None = None,
    picture_remedy: str = "",
    *,
    is_ahead: bool = False,
) -> Reading:
    """Open a file with the reader of its kind; see `PdfReading` for what only a PDF needs. Raises DocumentError."""
    if kind in DRAWN:
        is_picture = kind == "image"
        return PdfReading(
            path, password, recogniser, keep, picture_remedy, is_ahead=is_ahead, is_picture=is_picture
        )
    return FlowReading(_BOOKS[kind](path), path.name)
