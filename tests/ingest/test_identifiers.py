"""DOIs and ISBNs are found by their form and check digit, and nothing else is."""

from __future__ import annotations

import pytest

from catena.ingest.identifiers import doi_in, isbn_in, plain_doi, plain_isbn


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.18637/jss.v067.i01.", "10.18637/jss.v067.i01"),
        ("DOI: 10.1000/ABC(12)3;", "10.1000/abc(12)3"),
        ("(doi:10.1000/xyz)", "10.1000/xyz"),
        ("arXiv:2312.10997v5  [cs.CL]  27 Mar 2024", "10.48550/arxiv.2312.10997"),
        ("see arXiv:2312.10997 for more", ""),  # a reference to another work has no field
        ("version 10.1000/2 of it", ""),  # nobody says that this is a DOI
        ("doi: none", ""),
    ],
)
def test_a_doi_is_found_where_it_is_said_to_be_one(text: str, doi: str) -> None:
    found = doi_in(text)
    assert (found[0] if found else "") == doi


@pytest.mark.parametrize(
    ("text", "isbn"),
    [
        ("ISBN 90 367 0470 7", "9789036704700"),
        ("ISBN: 979-10-91414-21-0 (paperback)", "9791091414210"),
        ("ISBN-10: 0-8044-2957-X", "9780804429573"),
        ("ISBN 90 367 0470 8", ""),  # its check digit is wrong
        ("ISBN 979-10-91414-21-1", ""),
        ("90 367 0470 7", ""),
    ],
)
def test_an_isbn_is_found_where_its_digits_fit(text: str, isbn: str) -> None:
    found = isbn_in(text)
    assert (found[0] if found else "") == isbn


def test_every_wrong_digit_is_seen() -> None:
    right = "9780306406157"
    assert plain_isbn("978-0-306-40615-7") == right
    for place in range(3, 13):
        for digit in set("0123456789") - {right[place]}:
            assert plain_isbn(right[:place] + digit + right[place + 1 :]) == ""


def test_a_doi_of_an_address_is_plain() -> None:
    assert plain_doi("https://doi.org/10.1000/A.B") == "10.1000/a.b"
    assert plain_doi("nothing") == ""
