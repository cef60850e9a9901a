"""ROUGE (Lin, 2004): L by the longest common subsequence, 1 by single words.

Over lower-case words as often as they occur; and over distinct words sentence by sentence, as the package `rouge`
counts that L-CiteEval's script calls, which also keeps case and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.benchmarks.scoring.word_score import NOTHING, Overlap, of_shares, overlap

_WORD = re.compile(r"[\u3041-\u9fff]|[^\W_]+")
"""Chinese and Japanese count by character."""


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def rouge_l(predicted: str, accepted: Sequence[str]) -> Overlap:
    """ROUGE-L of the accepted answer that fits best by F1."""
    return max((_by_subsequence(words(predicted), words(one)) for one in accepted), key=_f1, default=NOTHING)


def distinct_rouge_l(predicted: str, accepted: Sequence[str]) -> Overlap:
    """ROUGE-L of summaries: for each sentence of the accepted one, its common subsequences with all predicted."""
    return max(
        (_by_sentences(_sentences(predicted), _sentences(one)) for one in accepted), key=_f1, default=NOTHING
    )


def distinct_rouge_1(predicted: str, accepted: Sequence[str]) -> Overlap:
    """ROUGE-1 of the accepted answer that fits best by F1."""
    said = _distinct(_sentences(predicted))
    return max((overlap(said, _distinct(_sentences(one))) for one in accepted), key=_f1, default=NOTHING)


def _by_subsequence(predicted: Sequence[str], gold: Sequence[str]) -> Overlap:
    common = longest_common(predicted, gold)
    return of_shares(common / len(predicted), common / len(gold)) if common else NOTHING


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        left_above = 0
        for at, rival in enumerate(other, 1):
            left_above, row[at] = row[at], left_above + 1 if word == rival else max(row[at], row[at - 1])
    return row[-1]


def _by_sentences(predicted: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> Overlap:
    common = {word for one in gold for other in predicted for word in _common_words(one, other)}
    if not common:
        return NOTHING
    return of_shares(len(common) / len(_distinct(predicted)), len(common) / len(_distinct(gold)))


def _common_words(one: Sequence[str], other: Sequence[str]) -> set[str]:
    """The words of a longest common subsequence; of several, the one that the package finds."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, word in enumerate(one, 1):
        for j, rival in enumerate(other, 1):
            table[i][j] = table[i - 1][j - 1] + 1 if word == rival else max(table[i - 1][j], table[i][j - 1])
    found, i, j = set(), len(one), len(other)
    while i and j:
        if one[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
            found.add(one[i])
        elif table[i - 1][j] > table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return found


def _sentences(text: str) -> list[list[str]]:
    """Words between white space, a list for what stands between full stops."""
    return [found for part in text.split(".") if (found := part.split())]


def _distinct(sentences: Sequence[Sequence[str]]) -> list[str]:
    return sorted({word for sentence in sentences for word in sentence})


def _f1(found: Overlap) -> float:
    return found.f1
