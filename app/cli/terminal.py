"""Printing for a person at the terminal; plain text when piped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from catena.add_document import Added, as_text
from catena.app.cli.console import HarmlessConsole, marked
from catena.app.process_border import say
from catena.document_changes import Change
from catena.folder_sync import Synced
from catena.health import Health
from catena.ingest.formats.file_kind import shown
from catena.ingest.formats.subtitles import Caption, clock
from catena.jobs.uploads import own_name
from catena.options import Limits
from catena.quote_standing import Standing
from catena.render.figure_wording import counted_figures, name_of
from catena.render.harmless import harmless, one_line
from catena.render.wording import SURE, cells_name, count, mark_of, printed, proof_of
from catena.settings import Settings, described_settings
from catena.tables import rows_of
from catena.types import (
    Answer,
    Citation,
    CitationPart,
    Description,
    Document,
    Figure,
    Page,
    Plan,
    Thread,
    Usage,
    WebCopy,
)
from catena.types import Table as PageTable
from catena.web_addresses import WebPath

COLOURS = {"ready": "green", "partial": "yellow", "failed": "red", "damaged": "red"}


def print_added(added: Added, console: Console, figures: Sequence[Figure] = ()) -> None:
    """Print one line for a file that was added, one for its figures, and what to do when it was not."""
    document = added.document
    file = marked(as_text(added.path) if isinstance(added.path, WebPath) else shown(str(added.path)))
    if not added.is_new and document.status != "failed" and not added.superseded:
        console.print(f"[dim]unchanged[/] {file}: is in the library already.")
        return
    message = marked(document.message) or count(document.num_pages, "page")
    console.print(f"[{COLOURS[document.status]}]{document.status:9}[/] {file}: {message}")
    for former in added.superseded:
        console.print(f"          new version of {former[:12]}, which is kept and answers no more")
    if figures:
        console.print(f"          {counted_figures(figures)}")
    if document.remedy:
        console.print(f"          {marked(document.remedy)}")
    for one in added.attached:
        print_added(one, console)


def print_synced(synced: Synced) -> None:
    """Print what was done about a path, and what to do where it failed."""
    document = synced.document
    colour = {"failed": "red", "retired": "yellow", "removed": "yellow"}.get(synced.action, "green")
    said = f": {marked(document.message)}" if document and document.message else ""
    console = _console()
    console.print(f"[{colour}]{synced.action:9}[/] {marked(shown(as_text(synced.path)))}{said}")
    if document and document.remedy and synced.action == "failed":
        console.print(f"          {marked(document.remedy)}")


def print_documents(
    documents: Sequence[Document],
    described: Mapping[str, Description],
    notes: Mapping[str, str] | None = None,
) -> None:
    """Print a table of documents; `notes` are more to say of some, by their ids."""
    if not documents:
        say("The library is empty. Add a document: catena add FILE")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "status", "pages", "title", "file"):
        table.add_column(name, justify="right" if name == "pages" else "left", overflow="fold")
    for document in documents:
        status = f"[{COLOURS[document.status]}]{document.status}[/]"
        note = f" [dim]({marked(document.message)})[/]" if document.message else ""
        if document.id in described and (names := _names_of(described[document.id])):
            note += f" [cyan]{marked(names)}[/]"
        note += "" if document.is_current else f" [dim]({fate_of(document)})[/]"
        note += f" [dim]({said})[/]" if (said := (notes or {}).get(document.id)) else ""
        pages = str(document.num_pages or "")
        table.add_row(
            document.id[:12], status, pages, marked(document.title) + note, marked(file_name(document))
        )
    _console().print(table)


def reference_rows(described: Description) -> list[tuple[str, str, str]]:
    """What a document is cited by: each field, its value, and who says so."""
    rows = []
    for name, value in asdict(described.reference).items():
        if value:
            spans = described.places.get(name, ())
            pages = f"page {spans[0].ref.number}" if spans else "the file's metadata"
            source = "given" if name in described.given else pages
            rows.append((name, ", ".join(value) if isinstance(value, tuple) else str(value), source))
    return rows


def _names_of(described: Description) -> str:
    return ", ".join([*described.collections, *(f"#{tag}" for tag in described.tags)])


def fate_of(document: Document) -> str:
    """What became of a document that stands at no place any more."""
    return f"before {document.successor[:12]}" if document.successor else "its file is gone"


def file_name(document: Document) -> str:
    """The name of the file that a document came from, safe to show."""
    return shown(own_name(Path(document.path), document.title)) if document.path else ""


def print_document(document: Document, described: Description, copies: Sequence[WebCopy] = ()) -> None:
    console = _console()
    console.print(f"[bold]{marked(document.title)}[/]")
    console.print(f"id      {document.id}")
    console.print(f"file    {marked(document.path)}")
    for copy in copies:
        fetched = datetime.fromtimestamp(copy.fetched_at).strftime("%Y-%m-%d %H:%M")
        named = f", {marked(copy.etag or copy.modified)}" if copy.etag or copy.modified else ""
        console.print(f"web     {marked(copy.final_url)} [dim]fetched {fetched}{named}[/]")
    console.print(f"status  [{COLOURS[document.status]}]{document.status}[/] {marked(document.message)}")
    if document.remedy:
        console.print(f"        {marked(document.remedy)}")
    if not document.is_current:
        console.print(f"state   {fate_of(document)}; it answers when it is named")
    console.print(f"pages   {document.num_pages}, {document.num_pages_with_text} with text")
    if names := _names_of(described):
        console.print(f"in      {marked(names)}")
    for name, value, source in reference_rows(described):
        console.print(f"{name:8}{marked(value)} [dim]({source})[/]")
    for entry in document.outline:
        console.print(f"{'  ' * entry.level}{marked(entry.title)} [dim]{entry.page}[/]")


def print_tables(document: Document, tables: Sequence[PageTable]) -> None:
    """Print each table with its pages, caption and unit, its columns in line."""
    console = _console()
    console.print(f"[bold]{marked(document.title)}[/]")
    for one in tables:
        pages = ", ".join(f"p. {part.ref.number}" for part in one.parts)
        unit = f" [dim]({marked(one.unit)})[/]" if one.unit else ""
        console.print(f"\n[cyan]{pages}[/] [bold]{marked(one.caption or f'table {one.number}')}[/]{unit}")
        table = Table(box=None, pad_edge=False, show_header=False)
        for _ in range(one.num_columns):
            table.add_column(overflow="fold")
        for number, row in enumerate(rows_of(one)):
            table.add_row(*map(marked, row), style="bold" if number < one.num_head_rows else "")
        console.print(table)


def print_figures(
    document: Document, figures: Sequence[Figure], mentions: Mapping[int, Sequence[Mapping[str, object]]]
) -> None:
    """Print each figure with its page, its caption, what is printed in it, and the sentences that name it."""
    console = _console()
    console.print(f"[bold]{marked(document.title)}[/]")
    for figure in figures:
        console.print(f"\n[cyan]p. {figure.ref.number}[/] [bold]{marked(name_of(figure))}[/]")
        caption = one_line(figure.caption)
        if caption and caption != figure.label:
            console.print(f"  {caption}", markup=False)
        texts = " · ".join(one_line(one.text) for one in figure.texts)
        source = "recognised" if any(one.source == "ocr" for one in figure.texts) else "printed"
        is_unread = figure.state == "unread"
        said = (
            f"{source} in it: {texts}"
            if texts
            else "its text was not recognised"
            if is_unread
            else "no text in it"
        )
        console.print(f"  {said}", style="dim", markup=False)
        for mention in mentions.get(figure.number, ()):
            console.print(
                f"  p. {mention['page']}: {one_line(str(mention['text']))}", style="dim", markup=False
            )


def print_page(document: Document, page: Page) -> None:
    console = _console()
    console.print(f"[bold]{marked(document.title)}[/], {marked(page_name(page.ref.number, page.label))}")
    for line in page.lines:
        style = {"header": "dim", "footer": "dim", "heading": "bold"}.get(line.kind, "")
        console.print(harmless(page.text[line.start : line.end]), style=style, markup=False)


def print_script(captions: Sequence[Caption]) -> None:
    """Print what was said, a line a cue: its time, and who speaks where that changes."""
    console, last = _console(), ""
    for one in captions:
        console.print(f"[cyan]{clock(one.start_s)}[/]", end="  ")
        if one.speaker and one.speaker != last:
            console.print(f"[bold]{marked(one.speaker)}:[/]", end=" ")
        last = one.speaker
        console.print(harmless(one.text), markup=False)


def print_answer(answer: Answer) -> None:
    """Print the short answer, then each statement with its pages, how sure the reader is or what was checked, and
    the quote where the statement is not the quote itself."""
    console = _console()
    if answer.read_as:
        console.print(f"[dim]Understood as: {marked(answer.read_as)}[/]\n")
    if answer.short and answer.short != answer.statements[0].text:
        console.print(harmless(answer.short), style="bold", markup=False)
    for place, statement in enumerate(answer.statements):
        cited = [answer.citations[index] for index in statement.citations]
        _print_cited(console, statement.text, cited, mark_of(answer, place))
    if not answer.statements:
        console.print(harmless(answer.text), style="bold", markup=False)
        if answer.citations:
            console.print(f"\n[dim]{SURE['closest'].capitalize()}:[/]")
        for citation in answer.citations:
            _print_cited(console, citation.quote, [citation], "· closest")
    coverage = answer.coverage
    console.print(
        f"\n[dim]{answer.strategy} ({marked(answer.strategy_reason)}): {coverage.pages_searched} of "
        f"{coverage.pages_total} pages searched, {coverage.pages_read} read, {answer.seconds:.1f} s, "
        f"{marked(answer.model)}{usage(answer.usage)}[/]"
    )
    if answer.statements:
        console.print(f"[dim]{proof_of(answer)}[/]")
    if answer.stopped:
        console.print(f"[yellow]Stopped: {marked(answer.stopped)}[/]")
    for warning in answer.warnings:
        console.print(f"[yellow]{marked(warning)}[/]")


def print_plan(plan: Plan, limits: Limits) -> None:
    """Print the calls of each role, their sum, and what a failure or a cap would change."""
    console = _console()
    console.print(f"{plan.strategy}: {one_line(plan.strategy_reason)}", style="bold", markup=False)
    if not plan.roles:
        console.print(f"[dim]{marked(plan.model)} calls no model.[/]")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("", "model", "calls", "tokens", "cost", "at most: calls", "tokens", "cost"):
        table.add_column(name, justify="left" if name in ("", "model") else "right", overflow="fold")
    for role in plan.roles:
        table.add_row(role.role, marked(role.model), *_amount(role.usual), *_amount(role.most))
    table.add_row("all", "", *_amount(plan.expected), *_amount(plan.most), style="bold")
    if plan.fallback:
        table.add_row("or instead", marked(plan.fallback.model), "", "", "", *_amount(plan.fallback.most))
    console.print(table)
    seconds = "" if plan.seconds is None else f"About {plan.seconds:.0f} s. "
    console.print(
        f"[dim]{seconds}Calls that fail are made again, at most {plan.retries.calls} times in all: "
        f"up to {plan.retries.num_tokens:,} tokens more. Nothing was asked of a model.[/]"
    )
    for cap in caps_met(plan.expected, limits):
        console.print(f"[yellow]The cap on {cap} would stop this.[/]")
    for cap in set(caps_met(plan.most, limits)) - set(caps_met(plan.expected, limits)):
        console.print(f"[yellow]The cap on {cap} may stop this.[/]")


def caps_met(used: Usage, limits: Limits) -> list[str]:
    """The caps that would not allow so much."""
    caps = {
        "calls": (used.calls, limits.max_calls),
        "tokens": (used.num_tokens, limits.max_tokens),
        "cost": (used.cost_usd or 0.0, limits.max_cost_usd),
    }
    return [name for name, (needed, cap) in caps.items() if cap is not None and needed > cap]


def _amount(used: Usage) -> tuple[str, str, str]:
    cost = "?" if used.cost_usd is None else f"${used.cost_usd:.4f}"
    return f"{used.calls:,}", f"{used.num_tokens:,}", cost


def usage(used: Usage) -> str:
    """Describe the usage of the model calls, for the end of a line; nothing where there were none."""
    parts = [f"{count(used.calls, 'call')}, {used.num_tokens:,} tokens, {dollars(used.cost_usd)}"] * bool(
        used.calls
    )
    parts += [f"{count(used.cached, 'call')} kept from before"] * bool(used.cached)
    return "".join(f", {part}" for part in parts)


def dollars(cost: float | None) -> str:
    return "cost unknown" if cost is None else f"${cost:.4f}"


def _print_cited(console: Console, text: str, citations: Sequence[Citation], mark: str) -> None:
    console.print(harmless(text), style="bold", markup=False)
    for citation in citations:
        if citation.quote not in text:
            console.print(f"  “{harmless(citation.quote)}”", markup=False)
        where = ", ".join(
            [citation.reference] * bool(citation.reference) + [" and ".join(map(_place, citation.parts))]
        )
        state = mark if citation.status == "verified" else "✗ quote not found on the page"
        console.print(f"  [cyan]\\[{marked(where)}][/] {marked(citation.title)} [dim]{state}[/]")


def _place(part: CitationPart) -> str:
    if part.cells:
        return f"p. {part.ref.number}, {cells_name(part.sheet, part.cells)}"
    return page_name(part.ref.number, part.label)


def page_name(number: int, label: str) -> str:
    """Name a page as people do: physical number, and the printed label where it differs."""
    said = printed(number, label)
    return f"p. {number}, {said}" if said else f"p. {number}"


def print_hits(rows: Sequence[Mapping[str, object]]) -> None:
    console = _console()
    if not rows:
        console.print("Nothing found.")
    for row in rows:
        page = page_name(int(str(row["page"])), str(row["label"]))
        console.print(f"[cyan]\\[{marked(page)}][/] {marked(str(row['title']))} [dim]{row['score']}[/]")
        console.print(f"  {one_line(str(row['text']))}", markup=False, overflow="ellipsis")


def print_history(answers: Sequence[Answer]) -> None:
    console = _console()
    if not answers:
        console.print("Nothing has been asked yet.")
    for answer in answers:
        console.print(f"[dim]{answer.run_id[:12]}[/] [bold]{marked(answer.question)}[/]")
        console.print(f"  {harmless(answer.text)}", markup=False)


def print_changes(changes: Sequence[Change], before: Document, after: Document) -> None:
    """Print what changed, each with the words that are others now."""
    console = _console()
    for one in changes:
        pages = dict.fromkeys(place.page for place in (one.before, one.after) if place)
        where = "p. " + " → ".join(map(str, pages))
        console.print(f"[bold]{one.kind:8}[/] [cyan]{where}[/]")
        if one.kind == "moved" and one.after:
            console.print(f"  {one_line(one.after.text)}", markup=False)
            continue
        for sign, place in (("-", one.before), ("+", one.after)):
            if place:
                console.print(f"  {sign} {one_line(place.text)}", markup=False)
    counts = Counter(one.kind for one in changes)
    said = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    console.print(
        f"{marked(after.title)}, {before.id[:12]} → {after.id[:12]}: {said or 'the text is the same'}."
    )


def print_standings(answer: Answer, standings: Sequence[Standing]) -> None:
    """Print what became of the quotes of an answer."""
    console = _console()
    console.print(f"[bold]{marked(answer.question)}[/]")
    if not standings:
        console.print("The answer cites nothing.")
    for one in standings:
        now = f", p. {one.now.page} now" if one.now and one.now.page != one.page else ""
        colour = "green" if one.state == "stands" else "red"
        console.print(f"[{colour}]{one.state:10}[/] {marked(one.title)}, p. {one.page}{now}")
        console.print(f"  {one_line(one.quote)}", markup=False)
        if one.state == "changed" and one.now:
            console.print(f"  now: {one_line(one.now.text)}", markup=False)


def print_threads(threads: Sequence[Thread]) -> None:
    console = _console()
    if not threads:
        console.print("There is no conversation.")
    for one in threads:
        asked = datetime.fromtimestamp(one.asked_at).strftime("%Y-%m-%d %H:%M")
        console.print(f"[bold]{marked(one.thread_id[:12])}[/]  {asked}  {one.num_questions:>3}  ", end="")
        console.print(one_line(one.last_question), markup=False)


def print_health(health: Health) -> None:
    console = _console()
    for name, value in health.facts:
        console.print(f"{name:20} {one_line(value)}", markup=False)
    for problem in health.problems:
        remedy = "Run: catena doctor --repair" if problem.can_repair else problem.remedy
        console.print(f"[red]problem[/] {marked(problem.message)} {marked(remedy)}")
    for problem in health.mended:
        console.print(f"[green]mended[/]  {marked(problem.message)}")
    if not health.problems:
        console.print("[green]All is well.[/]")


def print_settings(settings: Settings, config_file: Path) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("setting", "value", "what it is"):
        table.add_column(name, overflow="fold")
    for name, value, about in described_settings(settings):
        table.add_row(name, marked(str(value)), f"[dim]{about}[/]")
    _console().print(table)
    say(f"\nChange one in {config_file}, or by CATENA_<SETTING>.")


def _console() -> Console:
    return HarmlessConsole(soft_wrap=True)
