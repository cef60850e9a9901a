"""A file becomes a document of pages, in processes that may crash."""

from __future__ import annotations

from importlib.metadata import version

RULES = "5"
"""Raised when the same file would give other text or boxes than before."""


def parser_version() -> str:
    """Name what made a page's text; quotes carry it, and `catena reindex` compares it."""
    return f"{RULES}+pymupdf{version('pymupdf')}"
