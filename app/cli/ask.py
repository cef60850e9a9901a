"""`catena ask`, `search` and `history`.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catena.app.cli.shared_options import (
    ApiBase,
    Check,
    Cite,
    CiteStyle,
    Demos,
    Documents,
    DryRun,
    Follow,
    Home,
    Json,
    KVBudget,
    KVPolicy,
    MaxCalls,
    MaxCost,
    MaxReplyTokens,
    MaxSeconds,
    MaxTokens,
    Model,
    PasswordFile,
    Paths,
    Rewrite,
    SmallModel,
    Stream,
    Thread,
    Version,
    Within,
    Words,
    read_password,
)
from catena.app.process_border import make_folder_for, print_json, say, show, write_file
from catena.document_filter import Filter
from catena.errors import DocumentNotFound, OptionError
from catena.llm.spoken_text import legible
from catena.options import AddOptions, AskOptions, Limits
from catena.render.answer_json import from_json, plan_to_json, to_json
from catena.render.answer_markdown import to_markdown
from catena.web_addresses import is_address

if TYPE_CHECKING:
    from catena.client import Catena
    from catena.options import AskOptions
    from catena.types import Answer, AnswerStatus, Document, PageHit

    Chosen = list[Document] | Filter | None

EXIT_CODES: dict[AnswerStatus, int] = {"answered": 0, "not_in_document": 3, "refused": 5, "stopped": 4}


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    doc: Documents = None,
    within: Within = None,
    version: Version = None,
    strategy: Annotated[
        Literal["auto", "retrieve", "chain", "full", "kv"],
        typer.Option(help="How much is read, and by whom."),
    ] = "auto",
    paths: Paths = "1",
    kv_policy: KVPolicy = "quest",
    kv_budget: KVBudget = None,
    model: Model = None,
    small_model: SmallModel = None,
    api_base: ApiBase = None,
    max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_seconds: MaxSeconds = None,
    max_reply_tokens: MaxReplyTokens = None,
    demos: Demos = "0",
    rewrite: Rewrite = False,
    check: Check = "code",
    words: Words = 60,
    thread: Thread = None,
    follow: Follow = False,
    stream: Stream = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    render: Annotated[
        Path | None, typer.Option(help="Folder for one PNG per cited page, the quote boxed.")
    ] = None,
    cite: Cite = None,
    password_file: PasswordFile = None,
    home: Home = None,
) -> None:
    """Ask documents a question; every sentence of the answer is cited."""
    from catena.client import Catena
    from catena.settings import load_settings

    password = read_password(password_file)
    settings = load_settings(home=home, model=model, api_base=api_base, max_reply_tokens=max_reply_tokens)
    with Catena(settings=settings) as catena:
        documents = chosen(catena, doc, within, password, version=version)
        options = AskOptions(
            strategy,
            small_model=small_model,
            max_words=words,
            limits=Limits(max_seconds, max_calls, max_tokens, max_cost),
            thread_id=last_thread(catena) if follow else thread,
            demos=int(demos),
            rewrite=rewrite,
            check=check,
            paths=int(paths),
            kv_policy=kv_policy,
            kv_budget=kv_budget,
        )
        if dry_run:
            raise typer.Exit(show_plan(catena, question, documents, options, as_json=as_json))
        if stream:
            answer = ask_live(catena, question, documents, options, as_json=as_json)
        else:
            is_shown = not (as_json or markdown)
            answer = ask_quietly(catena, question, documents, options, is_shown=is_shown)
        if not (as_json and stream):  # its last line was the answer
            said = references(catena, answer, cite) if cite and as_json else None
            _print(answer, as_json=as_json, markdown=markdown, references=said)
        if render is not None:
            write_images(catena, answer, render, password)
        if cite is not None and not as_json:
            _print_references(catena, answer, cite)
    raise typer.Exit(EXIT_CODES[answer.status])


def references(catena: Catena, answer: Answer, style: CiteStyle) -> str:
    """The references of the documents that an answer quotes, in the order of their quotes."""
    from catena.bibliography import cite  # lxml, where it is asked for alone

    ids = dict.fromkeys(one.document_id for one in answer.citations)
    return cite(catena.library, [catena.library.document(one) for one in ids], style)


def _print_references(catena: Catena, answer: Answer, style: CiteStyle) -> None:
    if found := references(catena, answer, style):
        say(f"\nReferences\n\n{found}" if style not in ("bibtex", "csl") else f"\n{found}")


def _print(answer: Answer, *, as_json: bool, markdown: bool = False, references: str | None = None) -> None:
    from catena.app.cli.terminal import print_answer

    if as_json:
        print_json(to_json(answer) | ({} if references is None else {"references": references}))
    elif markdown:
        show(to_markdown(answer))
    else:
        print_answer(answer)


def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    doc: Documents = None,
    within: Within = None,
    version: Version = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many pages.")] = 10,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Find the pages that fit a query best."""
    from catena.app.cli.terminal import print_hits
    from catena.client import Catena

    with Catena(home) as catena:
        documents = chosen(catena, doc, within, None, version=version)
        hits = catena.search(query, documents=documents, k=k)
        rows = [hit_json(catena, hit) for hit in hits]
    if as_json:
        print_json(rows)
    else:
        print_hits(rows)


def history(
    limit: Annotated[int, typer.Option("-n", min=1, help="How many answers.")] = 20,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List the last questions and answers."""
    from catena.app.cli.terminal import print_history
    from catena.client import Catena

    with Catena(home) as catena:
        answers = catena.history(limit)
    if as_json:
        print_json([to_json(answer) for answer in answers])
    else:
        print_history(answers)


def threads(
    delete: Annotated[
        list[str] | None, typer.Option("--delete", metavar="ID", help="Delete a conversation; repeatable.")
    ] = None,
    delete_all: Annotated[bool, typer.Option("--all", help="With no --delete: delete every one.")] = False,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List conversations by their last question, or delete them."""
    from catena.app.cli.terminal import print_threads
    from catena.client import Catena

    with Catena(home) as catena:
        doomed = [find_thread(catena, name) for name in delete or ()]
        if delete_all and not doomed:
            doomed = [one.thread_id for one in catena.threads.all()]
        for thread_id in dict.fromkeys(doomed):
            catena.threads.delete(thread_id)
        kept = catena.threads.all()
    if as_json:
        print_json([asdict(one) for one in kept])
    elif delete or delete_all:
        say(f"Deleted {len(set(doomed))} of {len(set(doomed)) + len(kept)} conversations.")
    else:
        print_threads(kept)


def find_thread(catena: Catena, name: str) -> str:
    """The conversation with this id, or the one whose id begins so. Raises OptionError."""
    known = [one.thread_id for one in catena.threads.all()]
    found = [name] if name in known else [one for one in known if one.startswith(name)]
    if len(found) == 1:
        return found[0]
    what = "Several conversations begin" if found else "No conversation begins"
    raise OptionError(f"{what} with {name!r}.", "List them: `catena threads`.")


def runs(as_json: Json = False, home: Home = None) -> None:
    """List the questions that have no answer yet: killed, failed, or still under way."""
    from catena.client import Catena

    with Catena(home) as catena:
        found = catena.questions.unfinished()
    if as_json:
        rows = [{"run_id": run.run_id, "question": run.question} for run in found]
        print_json(rows)
    for run in () if as_json else found:
        say(f"{run.run_id[:12]}  {run.question}")


def resume(
    run: Annotated[str, typer.Argument(help="Id of the run, or a unique prefix (see `catena runs`).")],
    api_base: ApiBase = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Finish a question whose run was killed; what was read is not read again."""
    from catena.app.cli.progress_bars import AskProgress
    from catena.client import Catena

    with Catena(home, api_base=api_base) as catena:
        with AskProgress(is_shown=not as_json) as progress:
            answer = catena.resume(run, on_event=progress.on_event)
        _print(answer, as_json=as_json)
    raise typer.Exit(EXIT_CODES[answer.status])


def show_plan(catena: Catena, question: str, documents: Chosen, options: AskOptions, *, as_json: bool) -> int:
    """Print what the question will take; the exit code says whether a cap is expected to stop it."""
    from catena.app.cli.terminal import caps_met, print_plan

    plan = catena.plan(question, documents=documents, options=options)
    if as_json:
        print_json(plan_to_json(plan))
    else:
        print_plan(plan, options.limits)
    return EXIT_CODES["stopped"] if caps_met(plan.expected, options.limits) else 0


def ask_quietly(
    catena: Catena, question: str, documents: Chosen, options: AskOptions, *, is_shown: bool
) -> Answer:
    """Ask, with one line that says what is being done."""
    from catena.app.cli.progress_bars import AskProgress

    with AskProgress(is_shown=is_shown) as progress:
        return catena.ask(question, documents=documents, options=options, on_event=progress.on_event)


def ask_live(
    catena: Catena, question: str, documents: Chosen, options: AskOptions, *, as_json: bool
) -> Answer:
    """Ask, and show every event: to people on the error stream, to programs as lines of JSON."""
    from catena.app.cli.progress_bars import LiveAnswer, print_line

    with ExitStack() as stack:
        show = print_line if as_json else stack.enter_context(LiveAnswer()).on_event
        for event in catena.stream(question, documents=documents, options=options):
            show(event)
    return from_json(event.data)


def last_thread(catena: Catena) -> str:
    """The conversation of the last answer. Raises OptionError when nothing has been asked."""
    kept = catena.history(1)
    if not kept:
        raise OptionError("There is no conversation to follow.", "Ask a first question without --follow.")
    return kept[0].thread_id


def chosen(
    catena: Catena, named: list[str] | None, within: str | None, password: str | None, *, version: int | None
) -> Chosen:
    """The documents to ask, by name or by a filter. Raises OptionError for both, and for a version of none."""
    if named and within:
        raise OptionError("--doc and --in both say what to ask.", "Give one of them.")
    if version is not None and not named:
        raise OptionError("--version is of one document.", "Name it: --doc.")
    if within:
        return Filter.parse(within)
    found = [find_or_add(catena, name, password) for name in named or ()]
    if version is not None:
        found = [catena.library.version(one.id, version) for one in found]
    return found or None


def find_or_add(catena: Catena, name: str, password: str | None) -> Document:
    """Find a document by name; a path or address that the library does not know is added first."""

    path = Path(name)
    if is_address(name):
        with suppress(DocumentNotFound):
            return catena.document(name)
        return catena.add(name, options=AddOptions(password=password))
    if path.is_file():
        return catena.add(path, options=AddOptions(password=password))
    return catena.document(legible(name))


def hit_json(catena: Catena, hit: PageHit) -> dict[str, object]:
    document = catena.document(hit.ref.document_id)
    return {
        "document_id": document.id,
        "title": document.title,
        "page": hit.ref.number,
        "label": catena.page(document, hit.ref.number).label,
        "score": round(hit.score, 4),
        "retriever": hit.retriever,
        "text": hit.passages[0].text if hit.passages else "",
    }


def write_images(catena: Catena, answer: Answer, folder: Path, password: str | None) -> None:
    """Write one PNG per citation part: `1-1_p61.png` is citation 1, part 1, page 61."""
    make_folder_for(folder)
    for index, citation in enumerate(answer.citations, 1):
        images = catena.citation_images(citation, password=password)
        for number, (part, image) in enumerate(zip(citation.parts, images, strict=True), 1):
            file = folder / f"{index}-{number}_p{part.ref.number}.png"
            write_file(file, image)
            say(f"Wrote {file}", is_error=True)
