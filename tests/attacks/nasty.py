"""Strings that cost time, break terminals, or are no text: what documents, people and models may send."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

REPEATED = (
    *".,;:!?-_=*#|/\\'\"()[]{}<>&%$@^~`+ \n\t0159aAzéß中あ́\u200b\u200f\xa0…“”‘’«»–—•·ⅣΩ", ". ", "a ", "1 ", "1,",
    "1.", "a.", "A. ", "a, ", "A ", "- ", "* ", "# ", "| ", "\n\n", " \n", "a\n", "1\n", "\n ", "(a", "a)", "[1]",
    "[1", "(1)", "<a", "<a ", "</", "<|", "|>", "<think>", "</think>", "<s>", "&a", "&#1", "$1", "1%", "$ ", "1-",
    "-1", "a-", "a-\n", "a'", "'a", "\"a", "a\"", "“a", "“a”", "e.g. ", "Mr. ", "No. ", "p. ", "Fig. 1 ", "A.B.",
    "https://a", "www.", "a@", "a@b.", "a/", "1/", "1:", "a:", "a: ", "a = ", "the ", "of the ", "and ", "not ",
    "no ", "or ", "who ", "what is ", "1900 ", "in 1900 ", "Anna ", "Anna B. ", "de ", "von ", "Inc. ", "million ",
    "one ", "hundred ", "twenty-", "(the ", "that is ", "assistant", "user:", "\nuser: ", "Step 1: ", "```", "``",
    "**", "__", "~~", "![", "](", "![a](", "[a](", "[a]: ", "---", "| a | b |\n", "中。", "中 ", "١", "\ud83d", "aé",
    "Aa", "aA", "a1", "1a", "I", "IV. ",
)  # fmt: skip
"""What is repeated to see whether twice as much takes twice as long."""
NUMBERS = (
    "9" * 309, "1e999", "-" + "9" * 400, "0." + "0" * 400 + "1", "1" * 5000, "٣" * 400, "9" * 309 + "%",
    "$" + "9" * 400,
)  # fmt: skip
"""Figures that no floating-point number holds."""

_CONTROLS = tuple(map(chr, (*range(32), 127, *range(128, 160))))
_MARKS = tuple(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufeff\u2028\u2029\ufffe\U000e0041"
)
_PIECES = (
    "\x1b[31m", "\x1b]0;owned\x07", "\x1b[2J", "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07", "\x9b31m", "\r",
    "\b" * 9, "\x07", ":100:", ":smile:", ":material/home:", ":red[x]", ":blue-background[x]", "[red]", "[/]",
    "[/red]", "[bold]x[/bold]", "[link=http://evil.example]x[/link]", "[@click=quit]x[/]", "\\[x]", "\\",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;", "&#60;b&#62;",
    "![x](http://evil.example/x.png)", "[x](javascript:alert(1))", "<http://evil.example>", "http://evil.example",
    "# x", "- x", "1. x", "> x", "```", "`x`", "$x^2$", "$$x$$", "|a|b|\n|-|-|", "***", "---", "~~x~~", "_x_",
    "^1^", "==x==", "\n", "\r\n", "\t", "{x}", "{{x}}", "%s", "%n", "${x}", "$(x)", "'; DROP TABLE x; --", "\"",
    "'", "</title>", "--><!--", "]]>", "\ud800", "\udfff", "\ud83d\ude00", "😀", "é", "é", "עברית", "العربية",
    "中文", "\x00", "a" * 300, "9" * 309,
)  # fmt: skip


def strings(number: int, seed: int) -> Iterator[str]:
    """Nasty strings, the same for a seed."""
    drawn = Random(seed)
    for _ in range(number):
        kinds = (_PIECES, _PIECES, _CONTROLS, _MARKS, ("word", "The tide.", " ", "42"))
        yield "".join(drawn.choice(drawn.choice(kinds)) for _ in range(drawn.randint(1, 9)))


REPLIES = (
    "</think>", "a <think> b", "<thi<think>", "<s>a", "<|a|>", "<|channel|>final<|message|>a", "\nuser: a",
    "~", "```\n{", "<answer>", "<answer>a</answer>", "{\"answer\": \"", "{\"a\":", "[[", "\\text{",
    "\\frac{1}{", "|a", "| a |\n|---|\n", "[1 ", "[1, ", "[1] ", "(1) ", "cat¹ ", "<cite>", "[1]-", "([1])",
    "1 and ", "Evidence: [1]\n", "Answer: ", "A: \n", "**A**: ", "A: b?\n", "- a [1]\n", "question: a\n",
    "better is ", "note ", "sorry, ", "given ", ", ", "*", " ", "\t", "\n", "\n\n", " \n", "...", "w",
)  # fmt: skip
"""What is repeated in replies of models: what they are taken apart by."""
