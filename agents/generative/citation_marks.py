"""Marks of citation as models write them, in any brackets: [1], 【1†source】, (Source: 1), [^1], <cite>1</cite>, ¹.

A mark is known by its shape: brackets or a tag, at most a few words that label it, numbers and ranges, nothing else.
In square brackets that is always a mark, for the prompt writes a document's own "[3]" as "(3)". Round and curly
brackets are what documents number with, too: there the number must be one of a passage where a mark can stand, or
the label one of a source; and what stands in the passages themselves is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Container

from catena.agents.word_lists import words_for

MAX_RANGE = 20
"""Passages that one range may name; a longer one is no range of passages."""
NEAR = 100
"""Characters before a mark that are looked at."""
MAX_WRAPPED = 12
"""Brackets and tags around a mark that are taken off."""
_TO = r"(?:-|–|—|‒|~|～|〜|\.\.|\bto\b|\bbis\b|至|到)"
_AND = r"(?:,|，|、|;|；|&|/|\+|\band\b|\bund\b|\bet\b|\by\b|\bи\b)"
_LABEL = r"(?:[^\W\d_][^\W\d_]{0,14}[.:：_№#-]{0,2}[ \t]?|[\^#№:：§]\s?){0,3}"
_JOINED = (
    rf"(?:\s+(?:(?:{_TO}|{_AND})\s*)*|(?:(?:{_TO}|{_AND})\s*)+)"  # one way to read it: no search among many
)
_NUMBERS = rf"\d{{1,6}}(?:\.\d{{1,3}})?(?:{_JOINED}(?:{_LABEL})\d{{1,6}})*"
_INSIDE = re.compile(
    rf"\s*(?P<label>{_LABEL})\s*(?P<numbers>{_NUMBERS})\s*(?P<tail>†.{{0,40}}|[:|,]\s*[^\W\d].{{0,60}})?\s*",
    re.I,
)
_ONE = re.compile(
    rf"(?P<label>{_LABEL})(?P<first>\d{{1,6}})(?:\.\d+)?(?:\s*{_TO}\s*(?:{_LABEL})(?P<last>\d{{1,6}}))?", re.I
)
_SQUARE = re.compile(r"[\[【［〔〖⟦〚](?P<inside>[^\[\]【】［］〔〕〖〗⟦⟧〚〛\n]{1,90})[\]】］〕〗⟧〛]")
_ROUND = re.compile(r"[(（{｛❨⦅](?P<inside>[^()（）{}｛｝❨❩⦅⦆\n]{1,60})[)）}｝❩⦆]")
_JOINT = re.compile(r"(?<=\d)\s*[\]】］]\s*([-–—]|to)\s*[\[【［]\s*(?=\d)")
"""[2]-[4] is [2-4]."""
_NAME = r"(?:cit\w*|refs?|references?|sources?|src|passages?|docs?|documents?|footnotes?|fn|evidence|sup|c)"
_TAGGED = re.compile(
    rf"<(?P<name>{_NAME})\b(?P<given>[^<>\n]{{0,80}}?)(?:/>|>(?P<inside>[^<>\n]{{0,60}})</(?P=name)\s*>)",
    re.I,
)
_AROUND = re.compile(
    r"<(?P<name>cit\w*|refs?|sources?)\b(?P<given>[^<>\n]{0,80})>(?P<said>[^<>]{1,2000}?)</(?P=name)\s*>",
    re.I,
)
_DIGITS = "0123456789+-"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}(?:[⸴,]?[ \u2009]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})*(?![\w⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹])")
_CARRIES = re.compile(r"(?:[^\W\d_]{3}|[.!?,;:)\"”’。！？]|[\u3040-\u9fff])[ ]?\Z")
_OPEN, _CLOSE = "\ue0c1", "\ue0c2"
"""Of Unicode's private use: they stand around the numbers of a mark that was read."""
READ = rf"{_OPEN}[\d,]*{_CLOSE}"
_SEVERAL = rf"{READ}(?:(?:\s*[,;，；])?\s*{READ})*"
_WRAPPED = re.compile(
    rf"[(（{{｛\[【［]\s*(?P<label>{_LABEL})(?P<marks>{_SEVERAL})\s*[)）}}｝\]】］](?P<target>\([^()\s]{{1,200}}\))?"
    rf"|<(?P<tag>[a-z]{{1,12}})\b[^<>\n]{{0,200}}>\s*(?P<tagged>{_SEVERAL})\s*</(?P=tag)\s*>"
    rf"|(?P<linked>{READ})\((?:#|https?:|\.{{0,2}}/)[^()\s]{{0,200}}\)"
    rf"|\^(?P<raised>{READ})",
    re.I,
)
_LATE = re.compile(rf"(?<![.!?。！？।؟])([.!?。！？।؟]+[\"'”’»]?)((?:[ \t]*{READ})+)")
_GAP = re.compile(rf"(?<!\s)(?:\s*[,;，；])?\s*{_SEVERAL}(?P<space>\s*)(?P<next>.?)", re.S)
_ENDS_SENTENCE = re.compile(rf"\s*(?:[.!?。！？;；।؟]|\n|\Z|{_OPEN})")
_ENDS_CLAUSE = re.compile(rf"\s*(?:[,，、]|\b(?:and|und|et|y|и)\b)|{_ENDS_SENTENCE.pattern}")


def marked(text: str, known: Container[int], source: str = "") -> str:
    """Put what `numbered` reads in place of each mark; numbers of passages that were not given are dropped.

    `source` is what the model was shown: what stands in it so is the document's own and no mark.
    """
    text = re.sub(f"[{_OPEN}{_CLOSE}]", "", text)
    text = _AROUND.sub(lambda one: _read_around(one, known), text)
    text = _TAGGED.sub(lambda one: _read_tag(one, known), _JOINT.sub(r"\1", text))
    text = _SQUARE.sub(lambda one: _read_square(one, known, source), text)
    has_others = any(re.findall(rf"{_OPEN}([\d,]+){_CLOSE}", text))
    text = _ROUND.sub(lambda one: _read_labelled(one, known, source), text)
    if not has_others:
        text = _read_bare(text, known, source)
    text = _SUPERSCRIPT.sub(lambda one: _read_raised(one, known, source), text)
    for _ in range(MAX_WRAPPED):
        before, text = text, _WRAPPED.sub(_unwrapped, text)
        if before == text:
            break
    return _LATE.sub(lambda one: f"{one[2]}{one[1]} ", text)


def has_marks(text: str) -> bool:
    """Tell whether a text that was `marked` names a passage."""
    return bool(re.search(rf"{_OPEN}\d", text))


def numbered(text: str) -> tuple[int, ...]:
    """The passages that the marks of a text name, each once."""
    found = re.findall(rf"{_OPEN}([\d,]+){_CLOSE}", text)
    return tuple(dict.fromkeys(int(number) for one in found for number in one.split(",")))


def unmarked(text: str) -> str:
    """A text without its marks and the gaps that they leave."""

    def close(gap: re.Match[str]) -> str:
        needs_space = gap["next"].isalnum() or gap["next"] in ("(", "“", '"', "$", "€", "£", "–", "—")
        return f"{' ' if needs_space and gap.start() else ''}{gap['next']}"

    return _GAP.sub(close, text)


def numbers_in(text: str, known: Container[int]) -> tuple[int, ...]:
    """All numbers of a list, ranges written out, that passages have; pages are none."""
    found: list[int] = []
    for one in _ONE.finditer(text):
        first, last = int(one["first"]), int(one["last"] or one["first"])
        is_page = _last_word(one["label"]) in words_for("page")
        if not is_page and last - first <= MAX_RANGE:
            found += [number for number in range(first, last + 1) if number in known]
    return tuple(dict.fromkeys(found))


def _mark(text: str, known: Container[int]) -> str:
    return f"{_OPEN}{','.join(map(str, numbers_in(text, known)))}{_CLOSE}"


def _read_square(one: re.Match[str], known: Container[int], source: str) -> str:
    inside = _INSIDE.fullmatch(one["inside"].strip(" ()（）"))
    if not inside:
        return one.group()
    numbers = f"{inside['label']}{inside['numbers']}"
    is_plain = not inside["label"].strip(" ^#№:：") and not (inside["tail"] or "").strip("†")
    is_named = bool(numbers_in(numbers, known)) or _is_source(inside["label"]) or "†" in one["inside"]
    if is_plain or (is_named and one["inside"].strip() not in source):
        return _mark(numbers, known)
    return one.group()


def _read_labelled(one: re.Match[str], known: Container[int], source: str) -> str:
    """(Source: 1), (see p. 4), {passage 2}: the label says what the number is."""
    inside = _INSIDE.fullmatch(one["inside"])
    if not inside or inside["tail"] or not _is_source(inside["label"]) or one.group() in source:
        return one.group()
    return _mark(one["inside"], known)


def _read_bare(text: str, known: Container[int], source: str) -> str:
    """(1) or {1}, where such a number ends a sentence; then also before commas and "and"."""
    if not any(_is_bare(one, text, known, source, _ENDS_SENTENCE) for one in _ROUND.finditer(text)):
        return text

    def read(one: re.Match[str]) -> str:
        is_mark = _is_bare(one, text, known, source, _ENDS_CLAUSE)
        return _mark(one["inside"], known) if is_mark else one.group()

    return _ROUND.sub(read, text)


def _is_bare(
    one: re.Match[str], text: str, known: Container[int], source: str, ends: re.Pattern[str]
) -> bool:
    inside = _INSIDE.fullmatch(one["inside"])
    if not inside or inside["label"].strip() or inside["tail"] or "." in one["inside"]:
        return False
    numbers = [int(number) for number in re.findall(r"\d+", one["inside"])]
    word = _word_before(text, one.start())
    if not word or not ends.match(text, one.end()) or not all(number in known for number in numbers):
        return False
    is_apart = not (word[-1].isalnum() or word[-1] in "^_\\") or _is_unspaced(word[-1])
    return is_apart and f"{word}{one.group()}" not in source


def _word_before(text: str, at: int) -> str:
    """The word before a place, with the spaces behind it; of a long one its end."""
    near = text[max(0, at - NEAR) : at]
    kept = near.rstrip(" \t")
    begin = max((place + 1 for place, char in enumerate(kept) if char.isspace()), default=0)
    return near[begin:] if kept[begin:] else ""


def _read_tag(one: re.Match[str], known: Container[int]) -> str:
    name, content = one["name"].casefold(), one["inside"] or ""
    inside = _INSIDE.fullmatch(content.strip(" []()【】"))
    if name in ("sup", "c"):
        digits = content.strip().strip("[]()")
        if not inside or (name == "sup" and not content.strip().startswith("[") and not _can_carry(one)):
            return (
                digits.translate(str.maketrans(_DIGITS, _RAISED))
                if re.fullmatch(r"[\d+-]+", digits)
                else one.group()
            )
        return _mark(content, known) if numbers_in(content, known) else one.group()
    given = " ".join(re.findall(r"\d{1,6}", one["given"]))
    return _mark(f"{content} {given}", known) if inside or (given and not content.strip()) else one.group()


def _read_around(one: re.Match[str], known: Container[int]) -> str:
    """<cite index="1-2">What was said</cite>."""
    given = re.findall(r"[\d][\d,–-]*", one["given"])
    if not given or _INSIDE.fullmatch(one["said"].strip(" []()【】")):
        return one.group()
    return f"{one['said']} {_mark(' '.join(given), known)}"


def _read_raised(one: re.Match[str], known: Container[int], source: str) -> str:
    numbers = one.group().translate(str.maketrans(_RAISED, _DIGITS))
    word = _word_before(one.string, one.start())
    is_own = bool(word) and f"{word}{one.group()}" in source
    is_known = all(int(number) in known for number in re.findall(r"\d+", numbers))
    return (
        _mark(numbers.replace("⸴", ","), known)
        if is_known and not is_own and _can_carry(one)
        else one.group()
    )


def _can_carry(one: re.Match[str]) -> bool:
    """Tell whether what stands before a raised number may carry a note: a word or a mark, no unit, no number."""
    return bool(_CARRIES.search(one.string[max(0, one.start() - 4) : one.start()]))


def _unwrapped(one: re.Match[str]) -> str:
    """Marks in brackets, tags or links of their own; in brackets with a word only one that labels a source."""
    label = (one["label"] or "").strip(" ^#:：")
    if label and not _is_source(label):
        return one.group()
    found = re.findall(READ, one["marks"] or one["tagged"] or one["linked"] or one["raised"])
    return "".join(found)


def _is_source(label: str) -> bool:
    """Tell whether a label's last word is one of a page or of a source."""
    return _last_word(label) in words_for("page") | words_for("source")


def _last_word(label: str) -> str:
    words = re.findall(r"[^\W\d_]+", label.casefold())
    return words[-1] if words else ""


def _is_unspaced(char: str) -> bool:
    """Of a script without spaces between words."""
    return "\u3040" <= char <= "\u9fff" or "\u0e00" <= char <= "\u0eff"
