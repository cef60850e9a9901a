"""Files of the kinds that no data set here has, made by other libraries than those that read them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

LATEX = r"""\documentclass{article}\title{On Lanterns}\author{Ada Berger}
\begin{document}\maketitle
\section{Results}
Each lantern burned for $t = 40 \pm 2$ hours on a single filling.
\begin{tabular}{lr} Oil & Hours \\ \hline Rapeseed & 40 \\ Olive & 33 \\ \end{tabular}
\end{document}"""


def workbook() -> bytes:
    """A sheet with formats of numbers, and one that is hidden."""
    import openpyxl  # with the tests' packages; no other example needs it

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Sales"
    rows: list[tuple[Any, ...]] = [
        ("City", 2022, 2023, "Share"),
        ("Vienna", 998.4, 1204, 0.125),
        ("Graz", 512, 633.25, 0.071),
    ]
    for row in rows:
        sheet.append(row)
    for line in sheet.iter_rows(min_row=2):
        for cell, code in zip(line[1:], ("#,##0.00", "#,##0", "0.0%"), strict=True):
            cell.number_format = code
    book.create_sheet("Lookup").sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def slides() -> bytes:
    """Two slides, one with notes."""
    from pptx import Presentation  # with the tests' packages

    deck = Presentation()
    for title, text in (
        ("Review", "Prepared by Mara Lind"),
        ("Risks", "The Linz plant reopens on 4 May 2026."),
    ):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
    slide.notes_slide.notes_text_frame.text = "Mention the new supplier Alto."
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def mail() -> bytes:
    """A message with a table attached."""
    message = EmailMessage()
    message["From"], message["To"] = "Ada Berger <ada@example.org>", "Ben Cole <ben@example.org>"
    message["Date"], message["Subject"] = "Mon, 4 May 2026 10:12:00 +0200", "Offer for the Linz plant"
    message.set_content("Dear Ben,\n\nthe contract will be signed on 12 May.\n\n> Can you go down?\n\nAda\n")
    message.add_attachment(b"Part,Price\nBolt,2.50\n", maintype="text", subtype="csv", filename="prices.csv")
    return message.as_bytes()


def picture() -> bytes:
    """Words as pixels."""
    from PIL import Image, ImageDraw, ImageFont  # with the extras `ocr` and `ui`

    page = Image.new("RGB", (700, 200), "white")
    for place, line in enumerate(("The lease ends on 4 May 2027.", "Rent is 900 euro a month.")):
        ImageDraw.Draw(page).text((30, 30 + 70 * place), line, "black", ImageFont.load_default(40))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


MADE: Mapping[str, Callable[[], bytes]] = {
    "sales.xlsx": workbook,
    "review.pptx": slides,
    "offer.eml": mail,
    "lease.png": picture,
    "lanterns.tex": LATEX.encode,
}
