"""Prompts are Markdown files in `prompts/` with `$name` slots, filled strictly."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent / "prompts"


def render(name: str, folder: Path = FOLDER, **slots: str) -> str:
    """Fill the prompt `name` of a folder; a slot without a value, or a value without a slot, is a KeyError."""
    template, known = _load(folder / f"{name}.md")
    unknown = slots.keys() - known
    if unknown:
        raise KeyError(f"the prompt {name!r} has no slot {', '.join(sorted(unknown))}")
    return template.substitute(slots)


@cache
def _load(path: Path) -> tuple[Template, frozenset[str]]:
    """A prompt and the names of its slots."""
    template = Template(path.read_text(encoding="utf-8").strip())
    return template, frozenset(template.get_identifiers())
