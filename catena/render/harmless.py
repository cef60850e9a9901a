"""Text of others made harmless where it is shown: on a terminal, on a page, in Markdown, in JSON, in a log.

Titles, quotes, file names, replies and what servers say of their errors all pass here. None of it is markup, no code
of it reaches a terminal, and no mark of direction what stands beside it.
"""

from __future__ import annotations

import logging
import re
from unicodedata import bidirectional

from catena.redaction import without_secrets

_REPLACEMENT = "\ufffd"
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""Codes of terminals (C0 and C1 but for line ends and tabs), odd line ends, halves of pairs, no characters."""
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates (UAX 9, section 2): one that is not closed turns round what stands after it."""
_OPENED, _CLOSED = "\u2068", "\u2069"
_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_OF_MARKDOWN = frozenset(r"\`*_{}[]<>()#+-=.!|$~:&")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def without_codes(text: str) -> str:
    """Text without what commands a terminal; isolates that we set stay."""
    return _UNSHOWN.sub(_REPLACEMENT, text)


def harmless(text: str) -> str:
    """Text as it is, line ends too, but no code in it commands a terminal, and its direction stays within it."""
    if _is_isolated(text):
        return without_codes(text)
    text = _TURNING.sub(_REPLACEMENT, without_codes(text))
    is_turned = not text.isascii() and any(bidirectional(sign) in ("R", "AL") for sign in text)
    return f"{_OPENED}{text}{_CLOSED}" if is_turned else text


def _is_isolated(text: str) -> bool:
    """Tell whether it was made harmless before."""
    return text[:1] == _OPENED and text[-1:] == _CLOSED and not _TURNING.search(text, 1, len(text) - 1)


def one_line(text: str) -> str:
    """The same on one line: a title cannot look like the line that follows it."""
    return " ".join(harmless(text).split())


def for_page(text: str) -> str:
    """Escape what Markdown and Streamlit would interpret: entities, colours, icons and emoji codes too."""
    return "".join(f"\\{sign}" if sign in _OF_MARKDOWN else sign for sign in harmless(text))


def for_json(written: str) -> str:
    """JSON as it was written, but what a terminal would obey is escaped: as data it is the same."""
    return _IN_JSON.sub(lambda sign: f"\\u{ord(sign.group()):04x}", written)


class HarmlessFormatter(logging.Formatter):
    """Lines of a log, of which no text can make up another, and none holds a key."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(without_secrets(without_codes(super().format(record))).splitlines())


def start_log() -> None:
    """Write warnings to the error stream, as processes of ours do."""
    handler = logging.StreamHandler()
    handler.setFormatter(HarmlessFormatter(LOG_FORMAT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
