"""The library as an agent has it: MCP over standard streams and over HTTP, by the SDK's own client."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ImageContent, TextContent, TextResourceContents

from catena import Catena
from catena.app.server.admission import Access
from catena.app.server.mcp_server import make_mcp_server
from catena.app.server.question_desk import QuestionDesk
from catena.app.server.served import Served
from catena.testing import StubModel
from tests.app.server.serving import KEY, library, served

QUESTION = "How long does the battery of the lantern last?"
Work = Callable[[Client], Awaitable[None]]


def text_of(result: CallToolResult) -> str:
    assert not result.is_error, result
    return "\n".join(one.text for one in result.content if isinstance(one, TextContent))


def in_process(client: Catena, work: Work, add_from: tuple[Path, ...] = ()) -> None:
    async def run() -> None:
        made = Served(client, QuestionDesk(client), Access())
        async with Client(make_mcp_server(lambda: made, add_from=add_from)) as agent:
            await work(agent)

    asyncio.run(run())


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with library(tmp_path_factory.mktemp("mcp")) as made:
        yield made


def check_answer(result: CallToolResult) -> None:
    """Readable with its pages and quotes, structured with its boxes."""
    said, form = text_of(result), result.structured_content or {}
    assert (
        "| The battery of the lantern lasts forty hours on one charge." in said and "(p. 1; quoted)" in said
    )
    assert form["status"] == "answered" and form["citations"][0]["parts"][0]["boxes"]


def test_over_standard_streams(tmp_path: Path) -> None:
    library(tmp_path).close()

    async def work() -> None:
        command = ["-c", "from catena.app.cli import main; main()", "mcp", "--home", str(tmp_path / "home")]
        async with Client(stdio_client(StdioServerParameters(command=sys.executable, args=command))) as agent:
            check_answer(await agent.call_tool("ask", {"question": QUESTION}))

    asyncio.run(work())


def test_over_http_with_a_key_and_with_pictures_to_open(shelf: Catena) -> None:
    async def work(url: str) -> None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, timeout=300) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as agent,
        ):
            result = await agent.call_tool("ask", {"question": QUESTION, "documents": ["lantern"]})
            check_answer(result)
            address = (result.structured_content or {})["citations"][0]["parts"][0]["image"]
            async with httpx2.AsyncClient() as browser:
                assert (await browser.get(address)).content.startswith(b"\x89PNG")

    with served(shelf) as url:
        assert httpx2.post(f"{url}/mcp", json={}).status_code == 401
        foreign = {"Authorization": f"Bearer {KEY}", "Origin": "http://evil.example"}
        assert httpx2.post(f"{url}/mcp", json={}, headers=foreign).status_code == 403
        asyncio.run(work(url))


def test_what_is_offered(shelf: Catena) -> None:
    async def work(agent: Client) -> None:
        tools = {tool.name: tool for tool in (await agent.list_tools()).tools}
        assert set(tools) == {"ask", "search", "read_page", "page_image", "list_documents"}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())
        assert "citations" in (tools["ask"].output_schema or {})["properties"]
        assert agent.instructions and "never instructions" in agent.instructions

    in_process(shelf, work)


def test_documents_pages_and_search(shelf: Catena) -> None:
    async def work(agent: Client) -> None:
        assert "| lantern" in text_of(await agent.call_tool("list_documents", {}))
        assert "bakery" not in text_of(await agent.call_tool("list_documents", {"collection": "Lights"}))
        hits = await agent.call_tool("search", {"query": "opens at six", "collection": "Lights"})
        assert "| lantern" in text_of(hits) and "bakery" not in text_of(hits)
        page = await agent.call_tool("read_page", {"document": "bakery", "page": 1})
        assert "| The bakery of Elm Street opens at six" in text_of(page)
        hits = await agent.call_tool("search", {"query": "warranty", "k": 1})
        passage = (hits.structured_content or {})["hits"][0]["passages"][0]
        assert "five years" in passage["text"] and passage["boxes"]
        found = await agent.read_resource("catena://documents/lantern/pages/1")
        assert isinstance(found.contents[0], TextResourceContents)
        assert all(line.startswith("| ") for line in found.contents[0].text.splitlines())
        listed = await agent.read_resource("catena://documents")
        assert isinstance(listed.contents[0], TextResourceContents)
        assert len(json.loads(listed.contents[0].text)["documents"]) == 2

    in_process(shelf, work)


def test_a_page_is_seen_with_a_quote_boxed(shelf: Catena) -> None:
    async def work(agent: Client) -> None:
        shown = []
        for quote in ("", "It is closed on Mondays."):
            result = await agent.call_tool("page_image", {"document": "bakery", "page": 1, "quote": quote})
            assert isinstance(result.content[0], ImageContent)
            shown.append(base64.b64decode(result.content[0].data))
        assert shown[0] != shown[1] and shown[1].startswith(b"\x89PNG")

    in_process(shelf, work)


@pytest.mark.parametrize(
    "tool, arguments, said",
    [
        ("ask", {"question": "x", "documents": ["nothing"]}, "There is no document"),
        ("ask", {"question": " "}, "Ask something"),
        ("ask", {"question": "x", "collection": "Light"}, "Did you mean 'Lights'"),
        ("read_page", {"document": "lantern", "page": 9}, "no page 9"),
        ("read_page", {"document": "lantern", "page": 0}, "greater than or equal to 1"),
        ("page_image", {"document": "lantern", "page": 1, "quote": "It flies."}, "Copy it from read_page"),
        ("add_document", {"path": "/etc/passwd"}, "nknown tool"),
    ],
)
def test_what_cannot_be_done_is_told(shelf: Catena, tool: str, arguments: dict[str, Any], said: str) -> None:
    async def work(agent: Client) -> None:
        result = await agent.call_tool(tool, arguments)
        assert result.is_error and said in str(result.content)

    in_process(shelf, work)


def test_files_are_added_from_folders_that_were_allowed_alone(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "rope.txt").write_text("The rope is nine metres long.", "utf-8")
    (papers / "way-out.txt").symlink_to("/etc/passwd")

    async def work(agent: Client) -> None:
        added = await agent.call_tool("add_document", {"path": str(papers / "rope.txt")})
        assert "| rope" in text_of(added)
        for path in ("/etc/passwd", f"{papers}/../other.txt", f"{papers}/way-out.txt", "x\0y"):
            refused = await agent.call_tool("add_document", {"path": path})
            assert refused.is_error and "is not in what this server may add from" in str(refused.content)

    with Catena(tmp_path / "home") as client:
        in_process(client, work, (papers,))


def test_progress_is_told_and_a_call_can_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-seen-by-nobody")
    told: list[str | None] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def work(agent: Client) -> None:
        call = asyncio.ensure_future(agent.call_tool("ask", {"question": QUESTION}, progress_callback=heard))
        while not (told and stub.requests()):
            await asyncio.sleep(0.05)
        call.cancel()
        while not stub.num_hung_up():
            await asyncio.sleep(0.05)

    with library(tmp_path) as client, StubModel(latency=600) as stub:
        settings = client.settings.model_copy(update={"api_base": stub.url, "model": "openai/stub"})
        with Catena(settings=settings) as slow:
            in_process(slow, lambda agent: asyncio.wait_for(work(agent), 240))
