"""E-mail: fields, text, what is quoted and attached; boxes, messages of Outlook, saved pages."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aspose.email_foss.msg.mapi_message import MapiMessage

from catena.client import Catena
from catena.ingest.formats.file_kind import sniff
from catena.types import Page
from tests.ingest.conftest import Parse

PRICES = b"Part,Price,Stock\nBolt,2.50,100\n"
BODY = """Dear Ben,

we accept the offer of 1.2 million euro, and the contract will be
signed on 12 May.

> Can you go down?

Ada
"""


def message(body: str = BODY, *, is_attached: bool = True) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = (
        "Adä Berger <ada@example.org>",
        "ben@example.org",
        "Offer für Linz",
    )
    made["Date"], made["Message-ID"] = "Mon, 4 May 2026 10:12:00 +0200", "<1@example.org>"
    made.set_content(body)
    made.add_alternative("<p>Another form</p>", subtype="html")
    if is_attached:
        made.add_attachment(PRICES, maintype="text", subtype="csv", filename="prices.csv")
        made.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="tool.exe")
    return made


def lines(page: Page) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines]


TEXT = [
    "Dear Ben,", "we accept the offer of 1.2 million euro, and the contract will be signed on 12 May.",
    "> Can you go down?", "Ada", "Attachments: prices.csv, tool.exe",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "date"),
    [
        ("a.eml", message().as_bytes(), "Mon, 04 May 2026 10:12:00 +0200"),
        ("a.msg", MapiMessage.from_email_message(message()).to_bytes(), "Mon, 04 May 2026 08:12:00 UTC"),
    ],
)
def test_a_message(parse: Parse, name: str, content: bytes, date: str) -> None:
    document, pages = parse(name, content)
    assert document.title == "Offer für Linz"
    head = ["Offer für Linz", "From: Adä Berger <ada@example.org>", "To: ben@example.org", f"Date: {date}"]
    assert [line.replace('"ben@example.org" ', "").replace("<ben@example.org>", "ben@example.org")
            for line in lines(pages[0])] == [*head, "Subject: Offer für Linz", *TEXT]  # fmt: skip


def test_what_is_attached_is_a_document_of_its_own(tmp_path: Path) -> None:
    outer = message(is_attached=False)
    outer.add_attachment(
        message().as_bytes(), maintype="application", subtype="octet-stream", filename="inner.eml"
    )
    (tmp_path / "a.eml").write_bytes(outer.as_bytes())
    with Catena(tmp_path / "home") as catena:
        (added,) = catena.add_all([tmp_path / "a.eml"])
        (inner,) = added.attached
        assert [one.document.status for one in inner.attached] == ["ready", "failed"]
        assert [one.title for one in catena.documents()][-1] == "prices (inner (Offer für Linz))"
        assert inner.attached[0].path == tmp_path / "a.eml" / "inner.eml" / "prices.csv"
        assert "tool.exe is a Windows program" in inner.attached[1].document.message


def test_a_mail_in_a_mail_is_read_with_it(parse: Parse) -> None:
    outer = message("See below.\n", is_attached=False)
    outer.add_attachment(message("The inner words.\n", is_attached=False))
    _, pages = parse("a.eml", outer.as_bytes())
    assert "The inner words." in pages[0].text


def test_a_box_of_mails(parse: Parse) -> None:
    one, two = (message(f"Text {n}.\n\n>From here on.\n", is_attached=False).as_bytes() for n in (1, 2))
    box = b"".join(b"From ada@example.org Mon May  4 10:12:00 2026\n" + mail + b"\n" for mail in (one, two))
    document, pages = parse("a.mbox", box)
    assert [entry.title for entry in document.outline] == ["Offer für Linz"] * 2
    assert {"Text 1.", "Text 2."} <= {line for page in pages for line in lines(page)}


def test_a_saved_page(parse: Parse) -> None:
    page = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: http://x.example/\nSubject: Lanterns\nMIME-Version: 1.0\n"
        'Date: Mon, 4 May 2026 10:12:00 +0200\nContent-Type: multipart/related; boundary="B"\n\n--B\n'
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        "<title>Lanterns</title><h1>Lanterns</h1><p>They burn =3D 40 hours.</p>\n--B--\n"
    )
    document, pages = parse("a.mhtml", page)
    assert (document.kind, document.title, lines(pages[0])) == (
        "mhtml", "Lanterns", ["Lanterns", "They burn = 40 hours."]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "a.eml",
            b"From: a@b.example\nTo: c@d.example\nSubject: =?x?q?y\n"
            + b"Content-Type: multipart/mixed; boundary=B\n\n",
        ),
        ("a.eml", b"From: a@b.example\nDate: never\nSubject: x\n\nText \xff\xfe"),
        (
            "a.eml",
            b"".join(b"From: a\nTo: b\nSubject: c\nContent-Type: message/rfc822\n\n" for _ in range(3000)),
        ),
        ("a.msg", MapiMessage.from_email_message(message()).to_bytes()[:3000]),
    ],
)
def test_broken_mails_bring_nothing_down(parse: Parse, name: str, content: bytes) -> None:
    document, _ = parse(name, content)
    assert document.status in ("ready", "partial", "failed")
    assert document.status != "failed" or document.reason in ("damaged", "no_text", "unsupported")


def test_prose_with_colons_is_no_mail(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("From: the beginning\nTo: the end\n\nA tale.\n")
    assert sniff(path) == "text"
    path.write_bytes(message().as_bytes())
    assert sniff(path) == "eml"
    assert (
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["Subject"]
        == "Offer für Linz"
    )
