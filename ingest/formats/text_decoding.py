"""Bytes to text: marks, declarations as browsers take them, then what the bytes themselves tell."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import webencodings

from catena.ingest.formats.charsets import certain_utf16, escaped_codec, guess

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{2,40})|<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""",
    re.I,
)
_WINDOW = 4096
_LEAST_GOOD = 2  # letters beyond ASCII for each stray byte
_LATE_WINDOW = 1 << 20
# The Encoding Standard's decoders know more letters than Python's codecs of the same names.
_WIDER = {
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso8859-8",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and what a reader should know of how it was read ("" when nothing)."""

    text: str
    note: str = ""

    @property
    def notes(self) -> list[str]:
        return [self.note] if self.note else []


def decode(data: bytes) -> Decoded:
    """Decode plain text: by its mark, as UTF-8, as UTF-16 without a mark, else by what its letters look like."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return Decoded(data[len(mark) if codec == "utf-8" else 0 :].decode(codec, "replace"))
    if certain := certain_utf16(data) or escaped_codec(data):
        return Decoded(data.decode(certain, "replace"))
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        if error.start > len(data) - 4:  # cut off
            return Decoded(data.decode("utf-8", "replace"))
    if is_nearly_utf8(data):
        return Decoded(data.decode("utf-8", STRAY_BYTES))
    guessed, is_sure = guess(data)
    doubt = "" if is_sure else "; should letters look wrong, save it as UTF-8"
    return Decoded(data.decode(guessed, "replace"), f"read as {codec_name(guessed)}, guessed{doubt}")


def decode_markup(data: bytes) -> Decoded:
    """Decode HTML or XML: a mark wins over the declaration, which wins over guessing."""
    if data.startswith(tuple(mark for mark, _ in _BOMS)):
        return decode(data)
    declared = _DECLARED.search(data[:_WINDOW])
    codec = _codec(declared) if declared else None
    if codec is None and certain_utf16(data) is None:
        try:
            return Decoded(data.decode("utf-8"))
        except UnicodeDecodeError:  # as browsers do, look again further down
            declared = _DECLARED.search(data[:_LATE_WINDOW])
            codec = _codec(declared) if declared else None
    if codec is None:
        return decode(data)
    try:
        return Decoded(data.decode(codec))
    except UnicodeDecodeError as error:
        if codec == "utf-8" or error.start < len(data) - 4 and _is_wrong(data, codec):
            return decode(data)
    return Decoded(data.decode(codec, "replace"))


def codec_name(codec: str) -> str:
    """A codec as people write it."""
    return re.sub(r"^cp(125\d|874)$", r"windows-\1", codec.replace("_", "-"))


def is_nearly_utf8(data: bytes) -> bool:
    """Tell UTF-8 with some stray bytes from another encoding: of its letters beyond ASCII, few are broken."""
    text = data[: 1 << 20].decode("utf-8", "replace")
    wide = sum(1 for character in text if ord(character) > 127)
    return wide - text.count("\ufffd") > _LEAST_GOOD * text.count("\ufffd")


def _codec(declared: re.Match[bytes]) -> str | None:
    label = (declared[1] or declared[2]).decode("ascii")
    found = webencodings.lookup(label)
    if found is None:
        return None
    name = str(found.name)
    if name.startswith("utf-16"):  # who could read the label, has no UTF-16 before him
        return "utf-8"
    return _WIDER.get(name, str(found.codec_info.name))


def _is_wrong(data: bytes, codec: str) -> bool:
    """Tell whether what a declaration says fits so badly that the bytes know better."""
    text = data[: 1 << 20].decode(codec, "replace")
    wide = sum(1 for character in text if ord(character) > 127)
    return text.count("\ufffd") * 20 > wide


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError), "only ever used to decode"
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


STRAY_BYTES = "catena-stray-bytes"
codecs.register_error(STRAY_BYTES, _as_windows_1252)
