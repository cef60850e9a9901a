"""DOIs and ISBNs in a text, by their form and, of ISBNs, their check digit."""

from __future__ import annotations

import re

# The form that Crossref recommends; what follows it in a sentence belongs to that.
_DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:a-z0-9]{1,200}", re.IGNORECASE)
_SAYS_DOI = re.compile(r"doi\.org/|\bdoi\b\s*:?\s*", re.IGNORECASE)
_ARXIV = re.compile(r"\barXiv:(\d{4}\.\d{4,5})(?:v\d+)?\s*\[[a-z.-]+\]", re.IGNORECASE)
"""The stamp on the first page, with the field in brackets."""
_ISBN = re.compile(r"\bISBN(?:-1[03])?[:\s]*((?:97[89][-–\s]?)?\d[-–\s\d]{7,14}[\dX])\b", re.IGNORECASE)

Found = tuple[str, int, int]
"""What was found, and where in the text it stands."""


def doi_in(text: str) -> Found | None:
    """Find the first DOI that is said to be one; of arXiv's stamp the one that arXiv registers."""
    for said in _SAYS_DOI.finditer(text):
        if found := _DOI.match(text, said.end()):
            doi = plain_doi(found.group())
            return doi, found.start(), found.start() + len(doi)
    stamp = _ARXIV.search(text)
    return (f"10.48550/arxiv.{stamp[1]}", stamp.start(), stamp.end()) if stamp else None


def plain_doi(text: str) -> str:
    """A DOI without its address and the mark that ends its sentence; nothing where there is none."""
    found = _DOI.search(text)
    if found is None:
        return ""
    doi = found.group().rstrip(".,;:").lower()
    return doi[:-1] if doi.endswith(")") and "(" not in doi else doi


def isbn_in(text: str) -> Found | None:
    """Find the first ISBN whose check digit fits."""
    for found in _ISBN.finditer(text):
        if isbn := plain_isbn(found[1]):
            return isbn, found.start(1), found.end(1)
    return None


def plain_isbn(text: str) -> str:
    """The 13 digits of an ISBN, also of one with ten; nothing where the check digit does not fit."""
    signs = re.sub(r"[-–\s]", "", text).upper()
    if re.fullmatch(r"\d{9}[\dX]", signs):
        values = [10 if sign == "X" else int(sign) for sign in signs]
        if sum(value * weight for value, weight in zip(values, range(10, 0, -1), strict=True)) % 11:
            return ""
        return _with_check_digit(f"978{signs[:9]}")
    if re.fullmatch(r"97[89]\d{10}", signs) and _with_check_digit(signs[:12]) == signs:
        return signs
    return ""


def _with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
