"""An answer as Markdown: statements with numbered references, quotes below."""

from __future__ import annotations

import re

from catena.render.harmless import one_line
from catena.render.wording import SURE, mark_of, page_name, proof_of
from catena.types import Answer, Citation


def to_markdown(answer: Answer) -> str:
    """Write the answer for a notebook or a mail; document text is escaped, so that it cannot become markup."""
    lines = [f"**{_escape(answer.question)}**", "", *_said(answer), ""]
    if answer.read_as:
        lines[1:1] = ["", f"*Understood as: {_escape(answer.read_as)}*"]
    if not answer.statements and answer.citations:
        lines += [f"{SURE['closest'].capitalize()}:" if answer.confidence else "The closest passages:", ""]
    lines += [_reference(number, citation) for number, citation in enumerate(answer.citations, 1)]
    coverage = answer.coverage
    lines += [
        "",
        *([f"*{proof_of(answer)}*", ""] if answer.statements else []),
        f"*{answer.strategy}: {coverage.pages_searched} of {coverage.pages_total} pages searched, "
        f"{coverage.pages_read} read; {_escape(answer.model)}*",
    ]
    return "\n".join(lines)


def _said(answer: Answer) -> list[str]:
    """The short answer, then each statement with the numbers of its quotes and what is known of it."""
    if not answer.statements:
        return [_escape(answer.text)]
    lines = [f"**{_escape(answer.short)}**", ""] if answer.short else []
    for place, one in enumerate(answer.statements):
        numbers = "".join(f" [{number + 1}]" for number in one.citations)
        lines.append(f"- {_escape(one.text)}{_escape(numbers)} ({mark_of(answer, place)})")
    return lines


def _reference(number: int, citation: Citation) -> str:
    where = ", ".join(_escape(page_name(part)) for part in citation.parts)
    where = f"{where}, {_escape(citation.url)}" if citation.url else where
    cited = f"{_escape(citation.reference)}, {where}: {_escape(citation.title)}"
    plain = f"{_escape(citation.title)}, {where}"
    return f"{number}. “{_escape(citation.quote)}” — {cited if citation.reference else plain} ({citation.status})"


def _escape(text: str) -> str:
    """One line, so that nothing begins a block of its own."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~$&])", r"\\\1", one_line(text)) or "…"
