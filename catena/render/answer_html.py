"""An answer as one web page that needs nothing else: statements, references, and the pictures of the pages."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable

from catena.render.harmless import harmless
from catena.render.wording import SURE, mark_of, page_name, proof_of
from catena.types import Answer, Citation, CitationPart

_STYLE = """
body { font: 1.05rem/1.6 Georgia, serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
body { color: #22201d; background: #fdfcf9 }
h1 { font-size: 1.5rem } li { margin: .6rem 0 } small, figcaption { color: #6b645a } q { quotes: "“" "”" }
figure { margin: 2rem 0 } img { width: 100%; border: 1px solid #cfc8ba } a { color: #9a3324 }
@media (prefers-color-scheme: dark) {
  body { color: #e8e3d9; background: #1b1916 } a { color: #e08d7d } small, figcaption { color: #a69e92 }
}
"""


def to_html(answer: Answer, picture: Callable[[CitationPart], bytes]) -> str:
    """Write the page. `picture` gives the PNG of a cited page, its quote boxed.

    No script, nothing from elsewhere; every text is escaped.
    """
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    lines = [
        "<!doctype html>",
        f'<html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{escape(answer.question)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(answer.question)}</h1>",
        *([f"<p><b>{escape(answer.short)}</b></p>"] if answer.short else []),
        *([_statements(answer)] if answer.statements else [f"<p><b>{escape(answer.text)}</b></p>"]),
        *([f"<p><small>{_closest(answer)}</small></p>"] if _is_empty(answer) else []),
        "<h2>References</h2>",
        *(_figures(number, citation, picture) for number, citation in enumerate(answer.citations, 1)),
        f"<p><small>{escape(_foot(answer))}</small></p></html>",
    ]
    return "\n".join(lines)


def escape(text: str) -> str:
    return html.escape(harmless(text))


def _is_empty(answer: Answer) -> bool:
    return not answer.statements and bool(answer.citations)


def _closest(answer: Answer) -> str:
    return f"{SURE['closest'].capitalize()}." if answer.confidence else "The closest passages."


def _statements(answer: Answer) -> str:
    items = []
    for place, one in enumerate(answer.statements):
        links = " ".join(f'<a href="#c{number + 1}">[{number + 1}]</a>' for number in one.citations)
        items.append(f"<li>{escape(one.text)} {links} <small>{mark_of(answer, place)}</small></li>")
    return f"<ul>{''.join(items)}</ul>"


def _figures(number: int, citation: Citation, picture: Callable[[CitationPart], bytes]) -> str:
    found = [
        f'<p id="c{number}">[{number}] <q>{escape(citation.quote)}</q> <small>({citation.status})</small></p>'
    ]
    for part in citation.parts:
        name = escape(f"{citation.title}, {page_name(part)}")
        data = b64encode(picture(part)).decode()
        found.append(
            f'<figure><img alt="{name}" src="data:image/png;base64,{data}"><figcaption>{name}</figcaption></figure>'
        )
    return "".join(found)


def _foot(answer: Answer) -> str:
    coverage = answer.coverage
    read = f"{coverage.pages_searched} of {coverage.pages_total} pages searched, {coverage.pages_read} read"
    proof = proof_of(answer)
    return f"{proof}. " * bool(proof) + f"{answer.strategy}: {read}; {answer.model}"
