"""Encoding of text that does not say: the one that decodes it to words of one language and script.

Texts of two-byte encodings are known by the share of characters in the part that their standard sets aside for
the common ones; the rest by the likelihood of their letters, with the letter orders of charset-normalizer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

_WINDOW = 1 << 14
_SHORT = 24  # letters beyond ASCII; with fewer, a guess is not sure
_ZERO_SHARE = 0.3
_FEWEST_UTF16 = 12  # code units; fewer may be anything
_COMMON_SHARE = 0.8
_LEAST_RUN = 1.5  # characters without a space between them, as they stand in words of two-byte encodings

_ESCAPES = ((b"\x1b$B", "iso2022_jp_2"), (b"\x1b$@", "iso2022_jp_2"), (b"\x1b$)C", "iso2022_kr"))

# Where each standard has its common characters: GB 2312 level 1, Big5 level 1, the syllables of KS X 1001, and
# kana with JIS X 0208 level 1, as Shift JIS and as EUC; full-width punctuation with each.
_PAIR = "[\x81-\xfe][\x30-\xfe]"
_COMMON: dict[str, str] = {
    "cp932": "[\x81-\x83\x88-\x97][\x40-\xfc]|\x98[\x40-\x72]",
    "euc_jp": "[\xa1\xa4\xa5\xb0-\xcf][\xa1-\xfe]",
    "cp949": "[\xa1\xb0-\xc8][\xa1-\xfe]",
    "gb18030": "[\xa1\xa3\xb0-\xd7][\xa1-\xfe]",
    "big5hkscs": "[\xa1\xa4-\xc6][\x40-\x7e\xa1-\xfe]",
}
_SINGLE = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8_r koi8_u cp866 cp437 cp850 cp852 cp874 "
    "iso8859_2 iso8859_5 iso8859_7 iso8859_16 mac_roman mac_cyrillic mac_greek"
)
# The DOS and Macintosh code pages are rarer than what Windows and Unix write, the wider are so than the plain.
_RARE = {"cp1258": 6.0, "iso8859_16": 6.0, "mac_cyrillic": 8.0, "mac_greek": 8.0} | dict.fromkeys(
    ("cp437", "cp850", "cp852", "mac_roman"), 4.0
)
# The orders of charset-normalizer stop at 26 letters; these are the main exemplars beyond ASCII of Unicode CLDR 45.
_ALPHABETS = {
    "Bulgarian": "абвгдежзийклмнопрстуфхцчшщъьюя", "Croatian": "čćđšž", "Czech": "áčďéěíňóřšťúůýž",
    "Danish": "æøåé", "Dutch": "äéëïóöüĳ", "Estonian": "äõöüšž", "Finnish": "äåöšž", "French": "àâæçéèêëîïôœùûüÿ",
    "German": "äöüß", "Greek": "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ", "Hebrew": "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
    "Hungarian": "áéíóöőúüű", "Italian": "àèéìòù", "Lithuanian": "ąčęėįšųūž", "Norwegian": "æøåéòô",
    "Polish": "ąćęłńóśźż", "Portuguese": "àáâãçéêíòóôõú", "Romanian": "ăâîșțşţ",
    "Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "Serbian": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "Slovak": "áäčďéíĺľňóôŕšťúýž", "Slovene": "čšž", "Spanish": "áéíñóúü", "Swedish": "åäöéà",
    "Turkish": "çğıöşü", "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "Arabic": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهويى", 
    "Thai": "".join(map(chr, (*range(0xE01, 0xE3B), *range(0xE40, 0xE4F)))),
    "Belarusian": "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "Macedonian": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "Catalan": "àçéèíïóòúü", "Icelandic": "áðéíóúýþæö", "Latvian": "āčēģīķļņšūž",
    "Vietnamese": "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ",
}  # fmt: skip
_PUNCTUATION = frozenset("«»“”‘’„‚–—…•·°§€£¥©®™\u00a0¿¡ªº№")
_BETWEEN = frozenset("’‘–—·\u00ad\u200c\u200d")  # stand between the letters of words
_WORD = re.compile(r"[^\s\d_!-/:-@\[-`{-~]+")
_FOREIGN = math.log(1 / 20)  # names and addresses in texts of other scripts
_UNKNOWN, _SYMBOL, _MIXED = math.log(1 / 2000), math.log(1 / 20000), math.log(1 / 300)


def certain_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: a zero in every other byte, or letters of few scripts and nothing else."""
    window = data[: _WINDOW & ~1]
    if len(window) < 4:
        return None
    if window.count(0) >= len(window) * _ZERO_SHARE:
        return "utf-16-le" if window[1::2].count(0) > window[::2].count(0) else "utf-16-be"
    if len(data) % 2 or len(window) < 2 * _FEWEST_UTF16 or not _has_utf16_ends(window):
        return None
    fitting = [codec for codec in ("utf-16-le", "utf-16-be") if _is_prose(window, codec)]
    return fitting[0] if len(fitting) == 1 else None


def escaped_codec(data: bytes) -> str | None:
    """ISO-2022, which is ASCII to the eye of a program: its escapes tell."""
    for escape, codec in _ESCAPES:
        if escape in data[: 1 << 20]:
            try:
                data.decode(codec)
            except UnicodeDecodeError:
                continue
            return codec
    return None


def guess(data: bytes) -> tuple[str, bool]:
    """Name the codec that fits best, and whether the text is long enough to be sure."""
    window = _whole_lines(data)
    num_wide = sum(byte > 127 for byte in window)
    is_sure = num_wide >= _SHORT
    if codec := _two_byte_codec(window):
        return codec, is_sure
    scores = {codec: score for codec in _SINGLE.split() if (score := _score(window, codec)) is not None}
    if not scores:
        return "cp1252", False
    best = max(scores, key=lambda codec: scores[codec])
    return best, is_sure


def _whole_lines(data: bytes) -> bytes:
    """The lines with letters beyond ASCII, from the beginning, as many as fit."""
    lines, size = [], 0
    for line in data[: 1 << 20].split(b"\n"):
        if not line.isascii():
            lines.append(line[:_WINDOW])
            size += len(line)
            if size > _WINDOW:
                break
    return b"\n".join(lines)


def _two_byte_codec(window: bytes) -> str | None:
    shares: dict[str, float] = {}
    text = window.decode("latin-1")
    for codec, common in _COMMON.items():
        try:
            decoded = window.decode(codec)
        except UnicodeDecodeError as error:
            if error.start < len(window) - 2:
                continue
            decoded = window.decode(codec, "ignore")
        pairs, runs = re.findall(_PAIR, text), re.findall(f"(?:{_PAIR})+", text)
        if len(pairs) < _LEAST_RUN * len(runs) or not pairs:
            continue
        share = len(
            [pair for pair in re.findall(f"(?:{_PAIR})|[\x80-\xff]", text) if re.match(common, pair)]
        ) / max(1, sum(ord(c) > 127 for c in decoded))
        kana = sum("\u3041" <= c <= "\u30ff" for c in decoded) / max(1, sum(ord(c) > 127 for c in decoded))
        if codec in ("cp932", "euc_jp"):
            share = share + 0.2 if kana > 0.15 else share - 0.3
        elif codec == "cp949" and share > 0.98:  # its syllables are among the common characters of GB 2312
            share += 0.1
        shares[codec] = share
    best = max(shares, key=lambda codec: shares[codec], default=None)
    return best if best is not None and shares[best] >= _COMMON_SHARE else None


def _score(window: bytes, codec: str) -> float | None:
    """The likelihood of the words with letters beyond ASCII, in the language that fits best."""
    try:
        text = unicodedata.normalize("NFC", window.decode(codec))
    except UnicodeDecodeError:
        return None
    own = sum(_odd(character) for character in text if not character.isascii())
    own += _MIXED * sum(_is_mixed(word) for word in _WORD.findall(text) if not word.isascii())
    letters = Counter(character for character in text.lower() if _is_letter(character))
    found = max(
        sum(number * order.get(letter, _UNKNOWN) for letter, number in letters.items()) for order in _orders()
    )
    return own + found - _RARE.get(codec, 0.0)


def _odd(character: str) -> float:
    """Penalty of a character beyond ASCII that is no letter, against an encoding."""
    if _is_letter(character):
        return 0.0
    return _UNKNOWN / 2 if character in _PUNCTUATION else _SYMBOL


def _is_letter(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character) in ("Mn", "Mc")


def _is_mixed(word: str) -> bool:
    """Small letters before capitals, a sign between letters, or two alphabets in one word."""
    if any(a.islower() and b.isupper() for a, b in zip(word, word[1:], strict=False)):
        return True
    if any(not _is_letter(sign) and sign not in _BETWEEN for sign in word[1:-1]):
        return True
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in word if _is_letter(letter)}
    return len(scripts - {"COMBINING"}) > 1


@lru_cache(maxsize=1)
def _orders() -> tuple[Mapping[str, float], ...]:
    """For each language, the logarithm of how often a letter comes, by its place in the order (Zipf)."""
    from charset_normalizer.constant import FREQUENCIES  # 10 ms, and few files need it

    english = FREQUENCIES["English"]
    names = list(dict.fromkeys((*FREQUENCIES, *_ALPHABETS)))
    tables = [_logarithms((*FREQUENCIES.get(name, english), *_ALPHABETS.get(name, ""))) for name in names]
    foreign = {letter: value + _FOREIGN for letter, value in _logarithms(english).items()}
    return tuple(table if "e" in table else foreign | table for table in tables)


def _logarithms(letters: Iterable[str]) -> dict[str, float]:
    places = list(dict.fromkeys(letters))
    scale = sum(1 / (place + 2) for place in range(len(places)))
    return {letter: math.log(1 / (place + 2) / scale) for place, letter in enumerate(places)}


def _has_utf16_ends(window: bytes) -> bool:
    """Spaces or line ends as two bytes, which no other encoding has."""
    return any(pair in window for pair in (b"\n\0", b"\0\n", b"\0 ", b" \0", b"\x000", b"0\0", b"\x00\x30"))


def _is_prose(window: bytes, codec: str) -> bool:
    try:
        text = window.decode(codec)
    except UnicodeDecodeError:
        return False
    kinds = [unicodedata.category(character) for character in text]
    if any(kind in ("Cn", "Co", "Cs") for kind in kinds):
        return False
    blocks = {ord(character) >> 8 for character in text if ord(character) < 0x3000 or ord(character) > 0x9FFF}
    return sum(kind[0] in "LMNPZ" or kind == "Cc" for kind in kinds) > 0.95 * len(text) and len(blocks) <= 6
