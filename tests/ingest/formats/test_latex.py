"""LaTeX: what a source prints; macros are not run, nothing is included, nothing is made up."""

import pytest

from catena.types import Page
from tests.ingest.conftest import Parse

SOURCE = r"""\documentclass{article} % a comment
\newcommand{\evil}{\input{/etc/passwd}}
\title{On Lanterns}\author{Ada Berger}
\begin{document}\maketitle
\section[Short]{Methods}
They burn $t = 40 \pm 2$ hours, 12\% less than $\frac{a}{b}$; see~\cite{novak21}.

\begin{itemize}\item First light it. \item Then wait.\end{itemize}
\subsection{Results \& more}
\begin{tabular}{l|rr}\hline Model & Hours & Price \\ \hline A-1 & 40 & \$12 \\ B-2 & \multicolumn{2}{c}{n/a} \\
\end{tabular}
\includegraphics[width=3cm]{x.png} Caf\'e \textbf{bold} \today \evil
\begin{verbatim}
x = {1} % stays
\end{verbatim}
\end{document} not this"""


def lines(page: Page) -> list[tuple[str, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


def test_a_paper(parse: Parse) -> None:
    document, pages = parse("a.tex", SOURCE)
    assert lines(pages[0]) == [
        ("heading", "On Lanterns"), ("text", "Ada Berger"), ("heading", "Methods"),
        ("text", "They burn t = 40 ± 2 hours, 12% less than a/b; see [novak21]."),
        ("text", "• First light it."), ("text", "• Then wait."), ("heading", "Results & more"),
        ("row", "Model Hours Price"), ("row", "A-1 40 $12"), ("row", "B-2 n/a"), ("text", "Café bold"),
        ("text", "x = {1}"),
    ]  # fmt: skip
    assert (document.kind, document.title) == ("latex", "On Lanterns")
    assert "pictures that were not read: 1" in document.message
    assert "files that it includes and that were not read" in document.message


@pytest.mark.parametrize(
    "source",
    [
        r"\documentclass{a}\begin{document}" + "{" * 20_000,
        r"\documentclass{a}\begin{document}\section{" + "x" * 20_000,
        r"\documentclass{a}\def\a{\a\a}\begin{document}\a text",
        r"\documentclass{a}\begin{document}" + r"\begin{tabular}{l}" * 3000 + "x",
    ],
)
def test_broken_sources_and_bombs(parse: Parse, source: str) -> None:
    document, _ = parse("a.tex", source)
    assert document.status in ("ready", "failed")
