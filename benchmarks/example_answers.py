"""Write docs/examples.md: a question to each of a dozen real documents that differ, and of files made for it.

python -m catena.benchmarks.example_answers --data ../shared/data --out docs
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catena import AddOptions, Answer, Catena, CatenaError
from catena.benchmarks.example_files import MADE
from catena.render.answer_markdown import to_markdown
from catena.tables import rows_of


@dataclass(frozen=True, slots=True)
class Example:
    """`cut` keeps that share of the file's bytes, to show a damaged document; `verdict` is what one who
    read the answer beside the document says of it."""

    name: str
    file: str
    question: str
    verdict: str
    password: str | None = None
    cut: float = 1.0


EXAMPLES = (
    Example(
        "A 10-K, a number in a table",
        "financebench/pdfs/3M_2018_10K.pdf",
        "What is the FY2018 capital expenditure amount (in USD millions) for 3M?",
        "Right: row, column, sign and scale; the cash flow statement on p. 60 has the same figure.",
    ),
    Example(
        "A two-column paper",
        "mmlongbench-doc/data/documents/2312.10997v5.pdf",
        "Which method integrates knowledge into white-box models via directive fine-tuning?",
        "Right: PKG; the sentence runs over the page break. The second sentence is context.",
    ),
    Example(
        "Slides, printed sideways",
        "robust/format-corpus/govdocs1-error-pdfs/error_set_1/421197.pdf",
        "What is the goal for rule out diagnoses?",
        "Wrong: the goal stands on the page before, in a line that the slides print twice as a shadow.",
    ),
    Example(
        "An EPUB",
        "epub/moby-dick.epub",
        "What does Ahab promise to the man who raises the white whale?",
        "Half right: the promise follows the quote (the gold ounce); the sentence was too long and is cut before it.",
    ),
    Example(
        "A novel as plain text",
        "english-novels-100/corpus/Dickens_Oliver_1839.txt",
        "What did Oliver Twist ask the master for?",
        'Right: for more. The famous sentence itself ("Please, sir, I want some more") is not found.',
    ),
    Example(
        "A handbook, by its printed page",
        "mmlongbench-doc/data/documents/ISEP_student_handbook_2020.pdf",
        "What is the maximum hours of ISEP buddy scheme for Singaporean students?",
        "Right: 10 hours; the second line is of another scheme.",
    ),
    Example(
        "A scan of handwriting",
        "robust/ocrmypdf/tests/resources/kcs.pdf",
        "What is it about?",
        "Handwriting, which Tesseract (extra `ocr`) does not read: the error names the cause.",
    ),
    Example(
        "An encrypted file, with its password",
        "robust/py-pdf-sample-files/005-libreoffice-writer-password/libreoffice-writer-password.pdf",
        "What do they accuse: duo dolores et ea rebum?",
        "Right: the sentence that holds the words.",
        password="openpassword",
    ),
    Example(
        "A file cut in half",
        "mmlongbench-doc/data/documents/ISEP_student_handbook_2020.pdf",
        "How many hours of teaching duties must Singaporean students fulfil?",
        "Right, but letters and words went with the fonts in the lost half: that is what partial warns of.",
        cut=0.5,
    ),
    Example(
        "Arabic, right to left",
        "robust/pdfjs/test/pdfs/ArabicCIDTrueType.pdf",
        "انواع العربية",
        "Right line.",
    ),
    Example(
        "Japanese, set vertically",
        "epub/kusamakura-japanese-vertical-writing.epub",
        "山路を登りながら、何を考えたか。",
        "Right: the first sentence of the book.",
    ),
    Example(
        "A question the document does not answer",
        "financebench/pdfs/NETFLIX_2015_10K.pdf",
        "How many warehouses does Costco operate in Japan?",
        "Right: another company's report does not say.",
    ),
    Example(
        "A spreadsheet",
        "sales.xlsx",
        "What were the sales of Graz in 2023?",
        "Right: the cell, its row, its head.",
    ),
    Example(
        "Slides with notes", "review.pptx", "Who is the new supplier?", "Right: it stands in the notes alone."
    ),
    Example("A mail", "offer.eml", "Who sent the offer for the Linz plant?", "Right: the sender."),
    Example("A picture of words", "lease.png", "When does the lease end?", "Right, by text recognition."),
    Example(
        "LaTeX",
        "lanterns.tex",
        "How many hours does rapeseed oil burn?",
        "Right: row and column of the table.",
    ),
    Example(
        "A recording",
        str(Path(__file__).parents[1] / "examples" / "night_watch.vtt"),
        "What did Ben say about Etna, and when?",
        "Right: what he says when he names it, at 01:02:13; Ana speaks of it, too, and is not quoted.",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    pictures = arguments.out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Catena(folder) as catena:
        parts = [
            "# Examples",
            "",
            "Made by `python -m catena.benchmarks.example_answers`: real documents (from 13 on files made for it), the "
            "embedded reader, no key.",
        ]
        for number, example in enumerate(EXAMPLES, 1):
            parts += transcript(catena, number, example, arguments.data, pictures)
        parts += table_example(catena, len(EXAMPLES) + 1, arguments.data)
        (arguments.out / "examples.md").write_text("\n".join(parts) + "\n")


def transcript(catena: Catena, number: int, example: Example, data: Path, pictures: Path) -> Iterator[str]:
    """Ask one example. Yields Markdown lines and writes the picture of the first cited page."""
    yield from ("", f"## {number}. {example.name}", "", f"`{Path(example.file).name}`", "")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = prepared(example, data, Path(folder))
            options = AddOptions(password=example.password, title=Path(example.file).stem)
            document = catena.add(file, options=options)
        if document.status == "partial":
            yield from (f"Status **partial**: {document.message}. {document.remedy}", "")
        answer = catena.ask(example.question, documents=[document])
    except CatenaError as error:
        yield from (
            f"**{example.question}**",
            "",
            f"Error: {error}",
            "",
            f"Judged: {example.verdict}",
        )
        return
    yield to_markdown(answer)
    yield from ("", f"Judged: {example.verdict}")
    picture = save_picture(catena, answer, pictures / f"example-{number}.png", example.password)
    if picture:
        yield from ("", f"![the cited page](pictures/{picture.name})")


def table_example(catena: Catena, number: int, data: Path) -> Iterator[str]:
    """The tables of one page as data. Yields Markdown lines."""
    file, page = "financebench/pdfs/3M_2018_10K.pdf", 46
    document = catena.add(data / file, options=AddOptions(title=Path(file).stem))
    yield from ("", f"## {number}. Tables as data", "", f"`catena tables {Path(file).name} --page {page}`")
    for table in catena.library.tables(document.id):
        if page in (part.ref.number for part in table.parts):
            rows = [[f"{cell} " for cell in row] for row in rows_of(table)]
            yield from ("", "| " + "| ".join(rows[0]) + "|", "| --- " * table.num_columns + "|")
            yield from ("| " + "| ".join(row) + "|" for row in rows[1:])
            first = table.cells[0]
            yield from (
                "",
                f"{table.num_rows} rows; {first.text!r} stands in {tuple(round(x, 1) for x in first.box)}.",
            )


def prepared(example: Example, data: Path, folder: Path) -> Path:
    """Return the file, or a copy that keeps only its first part."""
    if make := MADE.get(example.file):
        made = folder / example.file
        made.write_bytes(make())
        return made
    source = data / example.file
    if example.cut == 1.0:
        return source
    copy = folder / source.name
    content = source.read_bytes()
    copy.write_bytes(content[: int(len(content) * example.cut)])
    return copy


def save_picture(catena: Catena, answer: Answer, file: Path, password: str | None) -> Path | None:
    if not answer.citations:
        return None
    file.write_bytes(catena.citation_images(answer.citations[0], dpi=72, password=password)[0])
    return file


if __name__ == "__main__":
    main()
