"""Write agents/extractive/nouns.tsv from WordNet: python scripts/build_nouns.py /usr/share/wordnet.

Debian's package wordnet-base has that folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from catena.retrieval.text_analysis import STOPWORDS, terms

NUM_RELATED = 8
HEAD = """\
# Common English nouns, the kind of their first sense (WordNet's lexicographer file; "adjective" for a word that is
# one, too), and related words: the synonyms of their first two senses, and what stands directly above and below the
# first. Derived from WordNet 3.0, Copyright 2006 Princeton University; see NOTICE.
"""
KINDS = (
    "adj adj adv tops act animal artifact attribute body cognition communication event feeling food group location"
    " motive object person phenomenon plant possession process quantity relation shape state substance time"
)
"""WordNet's lexicographer files by number, lexnames(5WN)."""

Synset = tuple[int, list[str], list[str]]


def synsets(path: Path) -> dict[str, Synset]:
    """Kind, words, and the offsets of what is above and below, by offset; wndb(5WN)."""
    found = {}
    for line in _lines(path):
        fields = line.split(" | ")[0].split()
        num_words = int(fields[3], 16)
        words = [fields[4 + 2 * place].lower() for place in range(num_words)]
        pointers = fields[5 + 2 * num_words :]
        near = [pointers[at + 1] for at in range(0, len(pointers), 4) if pointers[at] in ("@", "~")]
        found[fields[0]] = int(fields[1]), words, near
    return found


def _lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text("utf-8").splitlines() if not line.startswith("  "))


def main() -> None:
    folder = Path(sys.argv[1])
    tokenizer = files("catena.retrieval") / "minilm" / "tokenizer.json"
    ranks: dict[str, int] = json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]
    adjectives = {line.split()[0] for line in _lines(folder / "index.adj")}
    senses = synsets(folder / "data.noun")
    kinds = KINDS.split()
    rows = []
    for line in _lines(folder / "index.noun"):
        fields = line.split()
        word, offsets = fields[0], fields[-int(fields[2]) :]
        if word not in ranks or word in STOPWORDS or len(word) < 3 or not word.isalpha():
            continue
        kind, _, near = senses[offsets[0]]
        others = [other for offset in [*offsets[:2], *near] for other in senses[offset][1]]
        fit = {
            other
            for other in others
            if other in ranks and len(other) > 2 and not set(terms(other)) <= set(terms(word))
        }
        related = sorted(fit, key=lambda other: (ranks[other], other))[:NUM_RELATED]
        name = "adjective" if word in adjectives else kinds[kind]
        rows.append(f"{word}\t{name}\t{' '.join(related)}\n")
    target = Path(__file__).parent.parent / "agents" / "nouns.tsv"
    target.write_text(HEAD + "".join(sorted(rows)), "utf-8")
    print(f"{len(rows)} nouns in {target}")


if __name__ == "__main__":
    main()
