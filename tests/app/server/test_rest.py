"""REST over real HTTP: documents in, answers with their proof out, and every error with a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from catena import Catena
from catena.app.server.admission import Access
from catena.app.server.bodies import AnswerBody, PartBody
from catena.app.server.problems import MEDIA_TYPE, STATUS
from catena.app.server.web_app import ServerLimits
from catena.errors import CatenaError
from catena.render.answer_json import citation_to_json, from_json, to_json
from catena.request_origins import OwnAddress
from tests.app.server.serving import KEY, LANTERN, library, served

QUESTION = {"question": "How long does the battery of the lantern last?"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catena]:
    with library(tmp_path_factory.mktemp("rest")) as made:
        yield made


@pytest.fixture(scope="module")
def http(client: Catena) -> Iterator[httpx.Client]:
    with (
        served(client, limits=ServerLimits(max_body_bytes=20_000)) as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=120) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def answer(http: httpx.Client) -> dict[str, Any]:
    reply = http.post("/v1/ask", json=QUESTION)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == MEDIA_TYPE
    said: dict[str, Any] = reply.json()
    assert said["status"] == status and said["detail"] and said["reason"]
    return said


def test_an_answer_brings_its_proof(answer: dict[str, Any]) -> None:
    cited = answer["citations"][answer["statements"][0]["citations"][0]]
    assert "forty hours" in cited["quote"] and cited["status"] == "verified"
    part = cited["parts"][0]
    assert LANTERN.replace("\n\n", "\n")[part["start"] :] and part["boxes"] and part["page"] == 1
    assert answer["statements"][0]["support"] == "quoted" and answer["confidence"] == "likely"


def test_the_answer_is_the_one_json_form(client: Catena, answer: dict[str, Any]) -> None:
    kept = to_json(client.history(1)[0])
    assert set(AnswerBody.model_json_schema(by_alias=True)["properties"]) == set(kept)
    parts = citation_to_json(client.history(1)[0].citations[0])["parts"]
    assert set(PartBody.model_fields) == {*parts[0], "image"}
    assert from_json(answer) == client.history(1)[0]


def test_the_picture_of_a_quote_opens_without_a_key_and_no_other(
    http: httpx.Client, answer: dict[str, Any]
) -> None:
    address = answer["citations"][0]["parts"][0]["image"]
    assert httpx.get(address).content.startswith(b"\x89PNG")
    for other in (
        f"{address}&dpi=300",
        address.replace("/pages/1/", "/pages/2/"),
        re.sub(r"box=\d", "box=9", address),
        address[:-1] + ("0" if address[-1] != "0" else "1"),
        address.partition("?")[0],
        address.replace("/image", ""),
    ):
        assert httpx.get(other).status_code == 401, other
    assert httpx.delete(address).status_code == 401


def test_events_end_with_the_same_answer(http: httpx.Client, answer: dict[str, Any]) -> None:
    with http.stream("POST", "/v1/ask/events", json=QUESTION) as reply:
        lines = list(reply.iter_lines())
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds[0] == "run" and kinds[-1] == "answer" and "statement" in kinds
    last = json.loads([line for line in lines if line.startswith("data: ")][-1].removeprefix("data: "))
    assert last["data"]["citations"] == answer["citations"]


def test_what_is_in_no_document_is_an_answer_too(http: httpx.Client) -> None:
    said = http.post("/v1/ask", json={"question": "Who won the chess tournament in Lisbon?"}).json()
    assert said["status"] == "not_in_document" and said["statements"] == []


def test_a_question_behind_is_followed_to_its_answer(http: httpx.Client) -> None:
    begun = http.post("/v1/runs", json=QUESTION)
    assert begun.status_code == 202
    where = begun.headers["location"]
    with http.stream("GET", f"{where}/events") as reply:
        lines = list(reply.iter_lines())
    ids = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1)) and "event: answer" in lines
    with http.stream("GET", f"{where}/events", headers={"Last-Event-ID": str(ids[-2])}) as reply:
        assert [line for line in reply.iter_lines() if line.startswith("event")] == ["event: answer"]
    shown = http.get(where).json()
    assert shown["state"] == "answered" and shown["answer"]["citations"][0]["parts"][0]["image"]
    assert shown["run_id"] in [one["run_id"] for one in http.get("/v1/runs").json()["items"]]
    assert problem(http.post(f"{where}/resume"), 409)["reason"] == "run-busy"


def test_conversations_are_listed_shown_and_deleted(http: httpx.Client) -> None:
    for question in ("How long does the battery of the lantern last?", "And the warranty?"):
        http.post("/v1/ask", json={"question": question, "options": {"thread_id": "talk"}})
    assert [
        one["num_questions"] for one in http.get("/v1/threads").json()["items"] if one["thread_id"] == "talk"
    ] == [2]
    assert len(http.get("/v1/threads/talk").json()) == 2
    assert http.delete("/v1/threads/talk").status_code == 204
    assert problem(http.delete("/v1/threads/talk"), 404)["reason"] == "run-not-found"


def test_an_upload_is_read_and_asked(http: httpx.Client) -> None:
    file = ("../../harbour.md", b"# Harbour\n\nThe harbour of Elmsea closes at midnight.\n")
    reply = http.post("/v1/documents", params={"wait": 120}, files={"file": file})
    assert reply.status_code == 201, reply.text
    found = reply.json()["document"]
    assert found["title"] == "harbour" and http.get(reply.headers["location"]).json()["state"] == "done"
    asked = {"question": "When does the harbour of Elmsea close?", "documents": [found["id"][:12]]}
    assert "midnight" in http.post("/v1/ask", json=asked).json()["text"]
    assert http.delete(f"/v1/documents/{found['id']}").status_code == 204
    problem(http.get(f"/v1/documents/{found['id']}"), 404)


def test_an_upload_that_is_no_document_says_why(http: httpx.Client) -> None:
    reply = http.post("/v1/documents", params={"wait": 120}, files={"file": ("x.exe", b"\x7fELF\0\1\2")})
    said = problem(reply, 422)
    assert said["remedy"] and said["detail"].startswith("x is ")
    reply = http.post("/v1/documents", params={"wait": 120}, files={"file": ("old.pdf", b"%PDF-1.7 cut")})
    assert problem(reply, 422)["detail"].startswith("old.pdf cannot be read")


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"url": "ftp://x.org/a"}, 422, "is none that Catena fetches"),
        ({"url": "http://u:p@127.0.0.1/"}, 422, "does not send"),
        ({"url": "/etc/passwd"}, 400, "is no address"),
    ],
)
def test_an_address_that_is_none_is_refused(
    http: httpx.Client, given: dict[str, str], status: int, said: str
) -> None:
    assert said in problem(http.post("/v1/addresses", json=given), status)["detail"]


def test_a_server_that_others_reach_fetches_nothing(client: Catena) -> None:
    key = {"Authorization": f"Bearer {KEY}"}
    with served(client, Access(start_key=KEY, own=OwnAddress(is_any=True))) as address:
        reply = httpx.post(f"{address}/v1/addresses", json={"url": "https://example.org/a.pdf"}, headers=key)
    assert "fetches no addresses" in problem(reply, 400)["detail"]


def test_an_upload_need_not_be_waited_for(http: httpx.Client) -> None:
    reply = http.post("/v1/documents", files={"file": ("rope.txt", b"The rope is nine metres long.")})
    assert reply.status_code == 202 and reply.json()["state"] in ("queued", "running")
    assert http.get(reply.headers["location"]).status_code == 200


def test_pages_and_search_say_where(http: httpx.Client) -> None:
    page = http.get("/v1/documents/lantern/pages/1", params={"words": True}).json()
    first = page["words"][0]
    assert page["text"][first["start"] : first["end"]] == "The" and page["label"] == "1"
    assert http.get("/v1/documents/lantern/pages").json()["items"][0]["words"] == []
    hit = http.post("/v1/search", json={"query": "warranty", "k": 1}).json()[0]
    passage = hit["passages"][0]
    assert page["text"][passage["start"] : passage["end"]] == passage["text"] and passage["boxes"]
    assert httpx.get(hit["image"]).headers["content-type"] == "image/png"


def test_a_collection_is_listed_searched_and_asked(http: httpx.Client) -> None:
    assert http.get("/v1/collections").json() == [
        {"name": "Lights", "filter": "title:lantern", "num_documents": 1}
    ]
    (listed,) = http.get("/v1/documents", params={"collection": "Lights"}).json()["items"]
    assert (listed["title"], listed["collections"], listed["tags"]) == ("lantern", [], [])
    for body in ({"collection": "lights"}, {"collection": "kind:text title:lantern"}):
        hits = http.post("/v1/search", json={"query": "Who opens at six?", **body}).json()
        assert {hit["title"] for hit in hits} == {"lantern"}
        found = http.post("/v1/ask", json={**QUESTION, **body}).json()
        assert [one["document_id"] for one in found["coverage"]["documents"]] == [listed["id"]]


def test_an_upload_is_put_into_a_collection(http: httpx.Client) -> None:
    upload = {"file": ("well.txt", b"The well is nine metres deep.")}
    reply = http.post("/v1/documents", files=upload, data={"collection": "Water"}, params={"wait": 60})
    assert reply.status_code == 201
    (found,) = http.get("/v1/documents", params={"collection": "water"}).json()["items"]
    assert found["reference"]["authors"] == [] and found["reference"]["year"] is None
    assert found["collections"] == ["Water"]
    assert http.delete(f"/v1/documents/{found['id']}").status_code == 204


def test_a_list_goes_on_where_it_ended(http: httpx.Client) -> None:
    first = http.get("/v1/documents", params={"limit": 1}).json()
    second = http.get("/v1/documents", params={"limit": 1, "after": first["next"]}).json()
    assert [first["items"][0]["title"], second["items"][0]["title"]] == ["lantern", "bakery"]
    problem(http.get("/v1/documents", params={"after": "nothing"}), 400)


def test_a_plan_calls_no_model(http: httpx.Client) -> None:
    assert http.post("/v1/plan", json=QUESTION).json()["most"]["calls"] == 0


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("GET", "/v1/documents/nothing", None, 404),
        ("GET", "/v1/documents/lantern/pages/99", None, 404),
        ("GET", "/v1/documents/lantern/pages/0", None, 422),
        ("GET", "/v1/documents/lantern/pages/1/image?box=1,2,x", None, 422),
        ("GET", "/v1/documents/%00/outline", None, 400),
        ("GET", "/v1/documents?collection=nothing", None, 404),
        ("POST", "/v1/search", b'{"query": "x", "collection": "Lights", "documents": ["bakery"]}', 400),
        ("GET", "/v1/runs/nothing", None, 404),
        ("GET", "/v1/runs/..%2f..", None, 404),
        ("GET", "/v1/uploads/999", None, 404),
        ("POST", "/v1/runs/nothing/resume", None, 404),
        ("PUT", "/v1/ask", None, 405),
        ("GET", "/v2", None, 404),
        ("POST", "/v1/ask", b'{"question":', 422),
        ("POST", "/v1/ask", b'{"question": "x", "more": 1}', 422),
        ("POST", "/v1/ask", b'{"question": " "}', 400),
        ("POST", "/v1/ask", b'{"question": "x", "documents": ["nothing"]}', 404),
        ("POST", "/v1/ask", b'{"question": "x", "documents": []}', 422),
        ("POST", "/v1/ask", b'{"question": "\\ud800", "documents": ["\\ud800"]}', 422),
        ("POST", "/v1/ask", b'{"question": "x", "options": {"demos": 3}}', 400),
        ("POST", "/v1/ask/events", b'{"question": "x", "documents": ["nothing"]}', 404),
        ("POST", "/v1/runs", b'{"question": "x", "documents": ["nothing"]}', 404),
        ("POST", "/v1/search", b'{"query": "x", "k": 0}', 422),
        ("POST", "/v1/ask", b"x" * 30_000, 413),
    ],
)
def test_what_cannot_be_done_is_a_problem(
    http: httpx.Client, method: str, path: str, body: bytes | None, status: int
) -> None:
    problem(http.request(method, path, content=body, headers={"Content-Type": "application/json"}), status)


def test_every_class_of_errors_has_a_status() -> None:
    kinds, todo = set[type[CatenaError]](), [CatenaError]
    while todo:
        kinds.add(kind := todo.pop())
        todo += kind.__subclasses__()
    assert all(any(one in STATUS for one in kind.__mro__) for kind in kinds)


def test_health_and_readiness_ask_no_key(http: httpx.Client) -> None:
    url = str(http.base_url)
    assert httpx.get(f"{url}/v1/health").json() == {"status": "ok"}
    assert httpx.get(f"{url}/v1/ready").json()["status"] in ("warming", "ready")
    for path in ("/v1/documents", "/openapi.json", "/v1/nothing"):
        problem(httpx.get(f"{url}{path}"), 401)


def test_the_description_is_openapi_with_examples(http: httpx.Client) -> None:
    form = http.get("/openapi.json").json()
    assert form["openapi"].startswith("3.1") and form["security"] == [{"key": []}]
    assert form["components"]["schemas"]["AskRequest"]["examples"]
    assert MEDIA_TYPE in form["paths"]["/v1/ask"]["post"]["responses"]["4XX"]["content"]


def test_each_request_has_an_id(http: httpx.Client) -> None:
    assert http.get("/v1/health", headers={"X-Request-Id": "mine-1"}).headers["x-request-id"] == "mine-1"
    for odd in ("a b", "x" * 65, ""):
        assert re.fullmatch(
            "[0-9a-f]{32}", http.get("/v1/health", headers={"X-Request-Id": odd}).headers["x-request-id"]
        )


def test_a_logged_request_names_its_route_and_no_document(
    client: Catena, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(client, limits=ServerLimits(is_logged=True)) as url:
        httpx.get(
            f"{url}/v1/documents/lantern", headers={"Authorization": f"Bearer {KEY}", "X-Request-Id": "a"}
        )
        httpx.get(f"{url}/v1/documents/lantern")
    lines = [json.loads(one) for one in capsys.readouterr().err.splitlines() if one.startswith("{")]
    assert [(one["route"], one["status"]) for one in lines] == [("/v1/documents/{name}", 200), ("", 401)]
    assert lines[0]["request_id"] == "a" and "lantern" not in json.dumps(lines)


def test_what_an_address_takes_is_all_named(http: httpx.Client) -> None:
    said = http.request("OPTIONS", "/v1/documents/lantern")
    assert said.status_code == 405 and said.headers["allow"] == "DELETE, GET"
