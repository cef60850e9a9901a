"""Unwrapping of replies in formats nobody asked for: JSON of any shape, XML, code fences, LaTeX, HTML, tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

from catena.agents.generative.refusals import NOT_FOUND
from catena.agents.word_lists import words_for

MAX_DEPTH = 12
"""Of JSON, tags and commands that are read."""
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.M)
_FENCED_JSON = re.compile(r"(?:```|~~~)[^\n`~]{0,40}\n\s*(?P<json>[{\[].*?)(?:```|~~~)", re.S)
_SAYING = {"text", "statement", "sentence", "claim", "content", "result", "output", "final", "value", "fact"}
_ASIDE = re.compile(
    r"think|thought|reason|analysis|explan|confiden|language|question|query|quote|status|model|type", re.I
)
_CITING = re.compile(r"cit|evidence|source|passage|ref|number|doc|chunk|ids?\b|index|indices", re.I)
_CUT_TEXT = re.compile(r"\"(?P<key>\w{2,20})\"\s*:\s*\"(?P<text>(?:[^\"\\]|\\.)*)")
_TAG = re.compile(r"<(?P<name>[^\W\d][\w-]{0,30})>(?P<inside>.*?)(?:</(?P=name)\s*>|\Z)", re.S)
_LINES = {"p", "br", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre"}
_FORMATS = _LINES | {"b", "strong", "i", "em", "u", "span", "code", "center", "small", "mark"}
_INLINE = {"sup", "sub", "a", "c", "table", "tr", "td", "th"}
_FORMAT = re.compile(r"<(?P<slash>/?)(?P<name>[a-z][a-z0-9]{0,7})\s*/?>", re.I)
_COMMAND = re.compile(
    r"\\(?:boxed|fbox|text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf|bb|cal|normal)?|mbox|emph|underline|operatorname)"
    r"\s*\{(?P<inside>(?:[^{}]|\{[^{}]*\})*)\}"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_MATHS = re.compile(r"\\[()\[\]]|\$\$?(?=\s*\\)|(?<=\})\s*\$\$?")
_RULE = re.compile(r"^[ \t]*(?:\|[ \t]*)?:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*(?:\|[ \t]*)?$")
_PIPE = re.compile(r"(?<!\\)\|")


def unwrapped(text: str) -> str:
    """Return the reply as plain lines: "Evidence: [1]" and "Answer: …", or what is said line by line."""
    fenced = _FENCED_JSON.search(text)
    said = _from_json(fenced["json"]) if fenced else None
    if said is None:
        text = _FENCE.sub("", text).strip()
        said = _from_json(text)
    text = text if said is None else said
    return "\n".join(_without_tables(_without_latex(_without_tags(text)).split("\n"))).strip()


def _from_json(text: str) -> str | None:
    """Text of JSON; nothing where there is none. What stands behind it is chatter."""
    text = text.strip()
    if not text.startswith(("{", "[")):
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        return ""
    except ValueError:
        return _from_cut_json(text)
    if not isinstance(value, dict) and not (isinstance(value, list) and _holds_text(value)):
        return None
    if not isinstance(value, dict):
        return "\n".join(_lines(value, 0))
    answer = next((value[key] for key in value if _is_answer(key)), None)
    numbers = _numbers(value)
    if any(_is_answer(key) for key in value) and answer in (None, "", [], {}, False) and not numbers:
        return f"Evidence: []\nAnswer: {NOT_FOUND}"
    if isinstance(answer, str):
        return f"Evidence: {json.dumps(numbers)}\nAnswer: {answer}"
    return "\n".join(_lines(value, 0))


def _holds_text(values: list[Any]) -> bool:
    return any(isinstance(one, dict | list | str) for one in values) or not values


def _from_cut_json(text: str) -> str | None:
    """The texts of JSON that breaks off, or that is not quite JSON."""
    if not re.match(r"[{\[]\s*[{\[]?\s*\"", text):
        return None
    found = [one for one in _CUT_TEXT.finditer(text) if _is_answer(one["key"])]
    lines = [
        re.sub(r"\\(.)", lambda one: {"n": "\n", "t": " "}.get(one[1], one[1]), one["text"]) for one in found
    ]
    return "\n".join(lines) if lines else None


def _lines(value: Any, depth: int) -> Iterator[str]:
    """A line for each thing that is said, with the numbers beside it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _lines(one, depth + 1)
    elif isinstance(value, dict):
        yield from _of_object(value, depth)


def _of_object(value: dict[str, Any], depth: int) -> Iterator[str]:
    numbers = _numbers(value)
    mark = f" {json.dumps(numbers)}" if numbers else ""
    said = {key: one for key, one in value.items() if _is_answer(key)}
    others = {key: one for key, one in value.items() if not (_ASIDE.search(key) or _CITING.search(key))}
    for key, one in (said or others).items():
        if isinstance(one, dict | list):
            for line in _lines(one, depth + 1):
                yield line if "[" in line[-12:] else f"{line}{mark}"
        elif one is not None and not isinstance(one, bool):
            yield f"{one}{mark}" if said else f"{key}: {one}{mark}"


def _is_answer(key: str) -> bool:
    folded = key.casefold().replace("_", " ").strip()
    names = words_for("answer") | _SAYING
    return folded in names or folded.removesuffix("s") in names or folded.split(" ")[-1] in names


def _numbers(value: dict[str, Any]) -> list[int]:
    """The numbers of passages beside what an object says."""
    found: list[int] = []
    for key, one in value.items():
        for number in one if isinstance(one, list) else [one]:
            is_number = isinstance(number, int) and not isinstance(number, bool)
            is_written = isinstance(number, str) and re.fullmatch(r"\W*(?:[^\W\d]+\W*)?\d{1,6}\W*", number)
            if is_number and (isinstance(one, list) or _CITING.search(key)) and not _is_answer(key):
                found.append(number)
            elif is_written and _CITING.search(key):
                found.append(int(re.findall(r"\d+", number)[0]))
    return list(dict.fromkeys(found))


def _without_tags(text: str) -> str:
    """<answer>…</answer> as a part of its own; tags of layout go, those with attributes stay for `neutral`."""
    starts_wrapped = bool(_TAG.match(text.lstrip())) and _kind(text.lstrip()[1:].split(">")[0]) == "wrapper"

    def part(one: re.Match[str], depth: int = 0) -> str:
        kind, inside = _kind(one["name"]), one["inside"]
        if kind and depth < MAX_DEPTH:
            inside = _TAG.sub(lambda inner: part(inner, depth + 1), inside)
        if kind in ("evidence", "answer"):
            return f"\n{kind.title()}: {inside.strip()}\n"
        if kind == "wrapper" and starts_wrapped:
            return f"\n{inside.strip()}\n"
        return one.group()

    text = _TAG.sub(part, text)
    return _FORMAT.sub(_layout, text).strip()


def _kind(name: str) -> str:
    """`evidence`, `answer`, `wrapper`, or nothing for a tag of HTML and one that marks a source."""
    folded = name.casefold().replace("_", " ").replace("-", " ")
    if folded in words_for("evidence"):
        return "evidence"
    if folded in words_for("answer") - {"response", "reply"}:
        return "answer"
    is_other = folded in _FORMATS | _INLINE | words_for("source")
    return "" if is_other or not folded.isascii() else "wrapper"


def _layout(tag: re.Match[str]) -> str:
    name = tag["name"].casefold()
    if name not in _FORMATS:
        return tag.group()
    if name == "li" and not tag["slash"]:
        return "\n- "
    return "\n" if name in _LINES else ""


def _without_latex(text: str) -> str:
    if "\\" not in text:
        return text
    text = _MATHS.sub("", text)
    for _ in range(MAX_DEPTH):
        before, text = text, _COMMAND.sub(lambda one: one["inside"], _FRACTION.sub(r"\1/\2", text))
        if before == text:
            break
    return re.sub(r"\\([%$&#_{}])", r"\1", re.sub(r"\\[,;!: ]|~(?=\d)", " ", text))


def _without_tables(lines: list[str]) -> Iterator[str]:
    """Rows of Markdown tables as lines of their own, with what the header says of each cell."""
    at = 0
    while at < len(lines):
        is_table = (
            at + 1 < len(lines) and "|" in lines[at] and _RULE.match(lines[at + 1]) and "|" in lines[at + 1]
        )
        if not is_table:
            is_copied = lines[at].startswith("| ") and len(_PIPE.findall(lines[at])) == 1
            yield lines[at][2:] if is_copied else lines[at]
            at += 1
            continue
        lead, header = _header(lines[at])
        if lead:
            yield lead
        at += 2
        while at < len(lines) and "|" in lines[at]:
            if not _RULE.match(lines[at]):
                yield _row(header, _cells(lines[at]))
            at += 1


def _header(line: str) -> tuple[str, list[str]]:
    """The cells of a header, and what stands before it on its line, such as a label."""
    if line.lstrip().startswith("|"):
        return "", _cells(line)
    lead, _, rest = line.partition("|")
    is_label = lead.rstrip().endswith((":", "："))
    return (lead, _cells(f"|{rest}")) if is_label else ("", _cells(line))


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _PIPE.split(line.strip().strip("|"))]


def _row(header: list[str], cells: list[str]) -> str:
    """The first cell and, behind their headings, the others."""
    named = [
        f"{head}: {cell}" if head and head.casefold() != cell.casefold() else cell
        for head, cell in zip(chain(header, repeat("")), cells, strict=False)
    ]
    first, others = (
        (cells[:1] or [""])[0],
        [one for one, cell in zip(named[1:], cells[1:], strict=False) if cell],
    )
    return f"- {first}, {'; '.join(others)}" if first and others else f"- {first}{'; '.join(others)}"
