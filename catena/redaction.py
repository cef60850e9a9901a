"""Keys and passwords blotted out of text that is shown, written or logged: the one place that knows how they look.

Known are the values of variables that hold keys, and what stands in addresses that were given (`remember_address`).
Each is found as it is, cut to eight signs or more, and as servers echo it: URL-encoded, once or more, escaped for JSON
or HTML, in hexadecimal, in Base64 at any offset.
"""

from __future__ import annotations

import base64
import html
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_plus, urlsplit, urlunsplit

from catena.environment import is_secret

BLOT = "***"
LEAST = 8
"""Signs of a secret that are blotted out wherever they stand; of a shorter one, all of it."""
_SHORTEST = 4
"""A secret of fewer signs is blotted out of addresses alone: elsewhere it is part of words."""
_PUBLIC = frozenset(("api-version", "api_version", "version", "model", "deployment"))
"""Parameters of addresses that are no secrets."""
_NO_SECRET = re.compile(r"[/~.\\]|[A-Za-z]:\\|\d*$|(true|false|none|yes|no)$", re.IGNORECASE)
"""Values of variables with a telling name that are none: paths, numbers, switches."""
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key|AIza)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|(?<=Bearer )\S+|(?<=Basic )\S+"
    r"|(?<=://)[^/\s@]+(?=@)",
    re.IGNORECASE,
)
_remembered: OrderedDict[str, None] = OrderedDict()
_MOST_REMEMBERED = 8
_lock = threading.Lock()
Form = tuple[re.Pattern[str], tuple[str, ...]]
"""What finds the beginning of a secret in one way to write it, and a pattern for each further sign."""


def remember_address(address: str | None) -> None:
    """Have what an address holds of secrets blotted out from now on, in this process."""
    if address:
        with _lock:
            _remembered[address] = None
            _remembered.move_to_end(address)
            while len(_remembered) > _MOST_REMEMBERED:
                _remembered.popitem(last=False)


def without_secrets(text: str, *addresses: str | None) -> str:
    """Text without keys and passwords: those that are known, those of these addresses, and what looks like one."""
    return _LOOKS_SECRET.sub(BLOT, without_known_secrets(text, *addresses))


def without_known_secrets(text: str, *addresses: str | None) -> str:
    """Text without the keys and passwords that are known, and those of these addresses."""
    secrets = {*_known(), *(one for address in addresses if address for one in _secrets_of(address))}
    return _blotted(
        text, sorted(span for one in secrets for form in _forms(one) for span in _spans(text, form))
    )


def public_address(address: str) -> str:
    """An address fit to be shown and kept: without user, password, parameters that may be keys, and fragment."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return BLOT
    user = f"{BLOT}@" if "@" in parts.netloc else ""
    fields = [_public_field(one) for one in parts.query.split("&")] if parts.query else []
    shown = urlunsplit((parts.scheme, user + host, parts.path, "&".join(fields), ""))
    return without_known_secrets(shown, address)


def has_secret(address: str | None) -> bool:
    """Tell whether an address holds what may stand in no file."""
    return bool(address) and public_address(address or "") != address


def _public_field(field: str) -> str:
    name, equals, value = field.partition("=")
    if not equals:
        return field if len(field) < LEAST else BLOT
    return field if unquote(name).casefold() in _PUBLIC else f"{name}={BLOT}"


def _known() -> set[str]:
    found = {
        value
        for name, value in os.environ.items()
        if is_secret(name, value)
        and "://" not in value
        and len(value) >= LEAST
        and not _NO_SECRET.match(value)
    }
    for value in os.environ.values():
        if "://" in value and ("@" in value or "?" in value):
            found |= _secrets_of(value)
    with _lock:
        return found.union(*map(_secrets_of, _remembered))


@lru_cache(maxsize=64)
def _secrets_of(address: str) -> frozenset[str]:
    """User, password, what is sent of them and the values of parameters, each decoded: encoded, it is found by that."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return frozenset()
    login = parts.netloc.rpartition("@")[0]
    user, _, password = login.partition(":")
    fields = [one.partition("=") for one in parts.query.split("&")]
    values = [value for name, _, value in fields if unquote(name).casefold() not in _PUBLIC]
    values += [name for name, equals, _ in fields if not equals and len(name) >= LEAST]
    found = {
        password,
        parts.fragment,
        *values,
        *([user] if not password or len(user) >= LEAST else []),
    }
    decoded = {one for value in found for one in (unquote(value), unquote_plus(value))}
    if password:
        decoded.add(
            base64.b64encode(unquote(login).encode("utf-8", "surrogateescape")).decode()
        )  # "Basic ..."
    return frozenset(one for one in decoded if len(one) >= _SHORTEST)


def _blotted(text: str, spans: list[tuple[int, int]]) -> str:
    """Spans in order; they overlap where secrets begin alike, and the longer one counts."""
    kept, done = [], 0
    for start, end in spans:
        if start >= done:
            kept += [text[done:start], BLOT]
        done = max(done, end)
    return "".join([*kept, text[done:]])


def _spans(text: str, form: Form) -> Iterator[tuple[int, int]]:
    """Where a secret stands in one way to write it."""
    start, pieces = form
    at = 0
    while found := start.search(text, at):
        at = _end(text, found.end(), pieces)
        yield found.start(), at


def _end(text: str, at: int, pieces: tuple[str, ...]) -> int:
    """End of a secret that begins before `at`: the rest of it may be cut off."""
    for piece in pieces:
        found = re.compile(piece, re.IGNORECASE).match(text, at)
        if found is None:
            break
        at = found.end()
    return at


@lru_cache(maxsize=256)
def _forms(secret: str) -> tuple[Form, ...]:
    """Pattern of a secret in each way to write it."""
    written = [secret, *_in_base64(secret.encode("utf-8", "surrogateescape"))]
    forms = [[_sign(sign) for sign in one] for one in written if len(one) >= _SHORTEST]
    forms.append([re.escape(pair) for pair in _pairs(secret.encode("utf-8", "surrogateescape").hex())])
    return tuple(_compiled(form, LEAST if form is not forms[-1] else LEAST // 2) for form in forms)


def _compiled(form: list[str], least: int) -> Form:
    return re.compile("".join(form[:least]), re.IGNORECASE), tuple(form[least:])


def _pairs(digits: str) -> Iterator[str]:
    return (digits[at : at + 2] for at in range(0, len(digits), 2))


def _in_base64(data: bytes) -> Iterator[str]:
    """The signs that stand for these bytes wherever they begin in what is encoded; others hang on the neighbours."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + data).decode()
        yield encoded[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]


def _sign(sign: str) -> str:
    """One sign, as it is or escaped: %2F, %252f, \\u002f, \\x2f, &#47;, &#x2f;, &amp;."""
    code = ord(sign)
    quoted = quote(sign.encode("utf-8", "surrogateescape"), safe="").replace("%", "%(?:25)*")
    if "%" not in quoted:  # letters are not encoded as a rule, and may be
        quoted = "".join(f"%(?:25)*{byte:02x}" for byte in sign.encode())
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    escaped = "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4))
    ways = [quoted, escaped, f"&#0*{code};?", f"&#x0*{code:x};?"]
    ways += [rf"\\+x{code:02x}"] if code < 256 else []
    ways += [re.escape(html.escape(sign))] if html.escape(sign) != sign else []
    ways += {"+": ["-"], "/": ["_"], " ": [r"\+"]}.get(sign, [])
    ways.append(rf"\\*{re.escape(sign)}")  # last: it begins others, as & does &#38;
    return f"(?:{'|'.join(ways)})"
