"""Routes of documents: add one, list, show, search, read its pages and see them, remove it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Annotated, cast

from fastapi import APIRouter, Form, Path, Query, Response, UploadFile
from pydantic import StringConstraints

from catena.app.server.bodies import (
    COLLECTION,
    AddressRequest,
    CollectionBody,
    DescribedBody,
    DocumentBody,
    HitBody,
    Listed,
    ReindexRequest,
    SearchRequest,
    UploadBody,
    cut,
)
from catena.app.server.served import After, Base, Limit, Served, Server
from catena.errors import DocumentError, OptionError
from catena.jobs.job_store import Job
from catena.jobs.uploads import receive
from catena.llm.spoken_text import legible
from catena.options import AddOptions
from catena.types import Box, Description, Document, OutlineEntry, Page
from catena.web_addresses import is_address

router = APIRouter(prefix="/v1", tags=["documents"])
Name = Annotated[str, Path(min_length=1, description="Id, unique prefix of it, or title.")]
Number = Annotated[int, Path(ge=1, le=1_000_000, description="Physical page, from 1.")]
Edges = Annotated[str, StringConstraints(pattern=r"^-?\d{1,6}(\.\d{1,6})?(,-?\d{1,6}(\.\d{1,6})?){3}$")]
MAX_TITLE = 300
MAX_WAIT = 300.0
POLL_SECONDS = 0.2


@router.post("/documents", status_code=202, responses={201: {"model": UploadBody}})
async def upload_document(
    file: UploadFile,
    server: Server,
    response: Response,
    title: Annotated[str | None, Form(max_length=MAX_TITLE, description="None: that of the file.")] = None,
    collection: Annotated[str | None, Form(description="It is put into this one.")] = None,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait until it is read.")] = 0,
) -> UploadBody:
    """Add a file: it is read behind, in a sandbox. 201 once it is read, 202 before: follow `Location`."""
    return await _followed(
        server, response, await asyncio.to_thread(_enqueue, server, file, title, collection), wait
    )


@router.post("/addresses", status_code=202, responses={201: {"model": UploadBody}})
async def add_address(
    body: AddressRequest,
    server: Server,
    response: Response,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait until it is read.")] = 0,
) -> UploadBody:
    """Add what is at an address, as a file is added; by a server alone that no other machine reaches."""
    job = await asyncio.to_thread(_enqueue_address, server, body)
    return await _followed(server, response, job, wait)


async def _followed(server: Served, response: Response, job: Job, wait: float) -> UploadBody:
    """Wait some time for a file, and tell how far it is. Raises DocumentError where it could not be read."""
    response.headers["Location"] = f"/v1/uploads/{job.id}"
    end = time.monotonic() + wait
    while not job.is_over and time.monotonic() < end and not server.desk.stopping.is_set():
        await asyncio.sleep(POLL_SECONDS)
        job = await asyncio.to_thread(server.catena.queue.job, job.id)
    found = await asyncio.to_thread(_upload, server, job)
    response.status_code = 201 if found.document else 202
    if found.state == "failed" or (found.document and found.document.status == "failed"):
        failed = found.document or found
        reason = found.document.reason if found.document else None
        raise DocumentError(reason or "unsupported", failed.message, failed.remedy)
    return found


@router.get("/uploads/{upload_id}")
def show_upload(upload_id: Annotated[int, Path(ge=1, le=2**53)], server: Server) -> UploadBody:
    """Tell how far a file is that was added."""
    return _upload(server, server.catena.queue.job(upload_id))


@router.get("/documents")
def list_documents(
    server: Server,
    after: After = None,
    limit: Limit = 50,
    collection: Annotated[str | None, Query(min_length=1, description=COLLECTION)] = None,
) -> Listed[DescribedBody]:
    """List the documents, failed ones too, in the order in which they were added."""
    some, more = cut(server.catena.documents(collection), lambda one: one.id, after, limit)
    return Listed(items=[_described(server, one) for one in some], next=more)


@router.get("/collections")
def list_collections(server: Server) -> list[CollectionBody]:
    """List the collections by name, and how many documents are in each."""
    found = server.catena.library.collections.all(server.catena.documents())
    return [
        CollectionBody(
            name=one.name, filter=str(one.filter) if one.filter else None, num_documents=one.num_documents
        )
        for one in found
    ]


@router.get("/documents/{name}")
def show_document(name: Name, server: Server) -> DescribedBody:
    """Show a document."""
    return _described(server, server.catena.document(legible(name)))


@router.delete("/documents/{name}", status_code=204, response_class=Response)
def delete_document(name: Name, server: Server) -> None:
    """Remove a document: its original, text, vectors, the answers about it."""
    server.catena.remove(legible(name))


@router.post("/documents/{name}/reindex")
def reindex_document(name: Name, body: ReindexRequest, server: Server) -> DocumentBody:
    """Read a document's original again: with its password, or by a newer parser."""
    return DocumentBody.model_validate(server.catena.reindex(legible(name), password=body.password))


@router.get("/documents/{name}/outline")
def show_outline(name: Name, server: Server) -> list[OutlineEntry]:
    """List the headings of a document with their pages."""
    return list(server.catena.document(legible(name)).outline)


@router.get("/documents/{name}/pages")
def list_pages(
    name: Name,
    server: Server,
    after: Annotated[int, Query(ge=0, le=1_000_000, description="The last page of the reply before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Listed[Page]:
    """Read pages in their order, without their words."""
    document = server.catena.document(legible(name))
    found = server.catena.library.texts(document.id, range(after + 1, after + 1 + limit))
    last = after + limit
    return Listed(items=found, next=str(last) if last < document.num_pages else None)


@router.get("/documents/{name}/pages/{number}")
def show_page(
    name: Name,
    number: Number,
    server: Server,
    words: Annotated[bool, Query(description="Give the box of each word, too.")] = False,
) -> Page:
    """Read a page: its text, printed label, lines, headings; with `words` a box for each word."""
    page = server.catena.page(legible(name), number)
    return replace(page, words=tuple(page.words) if words else ())


@router.get(
    "/documents/{name}/pages/{number}/image",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
def show_picture(
    name: Name,
    number: Number,
    server: Server,
    box: Annotated[
        list[Edges] | None,
        Query(max_length=200, description="x0,y0,x1,y1 in points; drawn on it; repeatable."),
    ] = None,
    dpi: Annotated[int, Query(ge=36, le=300)] = 144,
    signature: Annotated[str | None, Query(description="Of an address in an answer.")] = None,
) -> Response:
    """See a page as PNG, with boxes drawn on it."""
    boxes = [cast(Box, tuple(map(float, one.split(",")))) for one in box or ()]
    picture = server.catena.page_image(legible(name), number, boxes=boxes, dpi=dpi)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@router.post("/search")
def search(body: SearchRequest, server: Server, base: Base) -> list[HitBody]:
    """Find the pages that fit a query best, best first."""
    hits = server.catena.search(body.query, documents=body.about, k=body.k)
    return [HitBody.model_validate(server.hit_json(hit, base)) for hit in hits]


def _described(server: Served, document: Document) -> DescribedBody:
    said = server.catena.library.collections.described().get(document.id, Description(document.id))
    body = DocumentBody.model_validate(document).model_dump()
    names = list(said.tags), list(said.collections)
    return DescribedBody(**body, tags=names[0], collections=names[1], reference=said.reference)


def _enqueue(server: Served, file: UploadFile, title: str | None, collection: str | None) -> Job:
    """Keep the file under a name of ours; its own is its title."""
    collections = () if collection is None else (collection,)
    AddOptions(collections=collections)
    kept = receive(server.catena.settings.home, file.filename or "", file.file)
    named = legible(title or FilePath(file.filename or "").stem)[:MAX_TITLE].strip()
    return server.catena.queue.add(kept, title=named or None, is_upload=True, collections=collections)[0]


def _enqueue_address(server: Served, body: AddressRequest) -> Job:
    """Have the worker fetch. Raises OptionError for a path, and where others reach the server."""
    if server.access.own.is_any:
        raise OptionError(
            "This server fetches no addresses: others can reach it.", "Download it, and send the file."
        )
    url = legible(body.url)
    if not is_address(url):
        raise OptionError(f"url: {url[:80]!r} is no address.", "Give one as https://…, arxiv:… or doi:….")
    return server.catena.queue.add(url, title=legible(body.title or "").strip() or None)[0]


def _upload(server: Served, job: Job) -> UploadBody:
    results = [one["document_id"] for one in job.result.get("files", ())]
    document = server.catena.library.get(results[0]) if results else None
    return UploadBody(
        id=job.id,
        state=job.state,
        pages_done=job.progress.get("done", 0),
        pages_total=job.progress.get("total", 0),
        message=job.error.get("message", ""),
        remedy=job.error.get("remedy", ""),
        is_new=job.result["files"][0]["is_new"] if results else None,
        document=DocumentBody.model_validate(document) if document else None,
    )
