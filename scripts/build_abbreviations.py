"""Write agents/extractive/abbreviations.tsv from WordNet: python scripts/build_abbreviations.py /usr/share/wordnet."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from catena.retrieval.text_analysis import STOPWORDS

HEAD = """\
# Abbreviations and what they are short for: lemmas in capitals beside a lemma of several words with those initials. In
# small letters where no such word is known besides. Derived from WordNet 3.0, Copyright 2006 Princeton University;
# see NOTICE.
"""
_SHORT = re.compile(r"[A-Z]{2,6}")
_SMALL = frozenset(["a", "and", "for", "in", "of", "the", "to"])


def lemmas(line: str) -> list[str]:
    """The words of a line of data.noun as printed; wndb(5WN)."""
    fields = line.split(" | ")[0].split()
    return [fields[4 + 2 * place].replace("_", " ") for place in range(int(fields[3], 16))]


def is_long_form(short: str, long: str) -> bool:
    parts = re.split(r"[ -]", long)
    initials = (
        "".join(part[:1] for part in parts),
        "".join(part[:1] for part in parts if part not in _SMALL),
    )
    return len(parts) > 1 and short in (one.upper() for one in initials)


def main() -> None:
    lines = (Path(sys.argv[1]) / "data.noun").read_text("utf-8").splitlines()
    synsets = [lemmas(line) for line in lines if not line.startswith("  ")]
    words = {word for synset in synsets for word in synset} | STOPWORDS
    found: dict[str, list[str]] = defaultdict(list)
    for synset in synsets:
        for short in filter(_SHORT.fullmatch, synset):
            key = short if short.lower() in words or len(short) < 3 else short.lower()
            found[key] += [long for long in synset if is_long_form(short, long)]
    rows = [f"{short}\t{'; '.join(dict.fromkeys(long))}\n" for short, long in sorted(found.items()) if long]
    target = Path(__file__).parent.parent / "agents" / "abbreviations.tsv"
    target.write_text(HEAD + "".join(rows), "utf-8")
    print(f"{len(rows)} abbreviations in {target}")


if __name__ == "__main__":
    main()
