"""The styles of a Word file: which are headings, which are lists, what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from catena.ingest.formats.safe_xml import attribute, local

_HEADING_NAME = re.compile(r"(?:heading|überschrift|titre|título|titolo)\s*([1-9])$", re.I)
_MAX_CHAIN = 20


class Styles:
    """Looks properties up in a paragraph, then along the chain of its styles."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, Element] = {}
        for style in root if root is not None else ():
            if local(style) == "style":
                self._styles[attribute(style, "styleId") or ""] = style

    def heading_level(self, paragraph: Element) -> int:
        """The rank of a heading from 1; 0 for text."""
        outline = self._value(paragraph, "outlineLvl")
        if outline is not None:
            return int(outline) + 1 if outline.isdecimal() and int(outline) < 9 else 0
        for style in self._chain(paragraph):
            name = next((attribute(child, "val") or "" for child in style if local(child) == "name"), "")
            if match := _HEADING_NAME.match(name):
                return int(match[1])
            if name.lower() == "title":
                return 1
        return 0

    def list_of(self, paragraph: Element) -> tuple[str, int]:
        """The numbering a paragraph follows ("" for none), and its level from 0."""
        number = self._value(paragraph, "numId") or ""
        level = self._value(paragraph, "ilvl") or "0"
        return number, min(int(level), 8) if level.isdecimal() else 0

    def is_hidden(self, run: Element) -> bool:
        """Tell whether Word would show a run."""
        return _is_on(self._run_property(run, "vanish"))

    def mark(self, run: Element) -> str:
        """Return the mark of a run: "sup", "sub", "struck", or "" for none."""
        raised = self._run_property(run, "vertAlign")
        value = attribute(raised, "val") if raised is not None else self._shift(run)
        if value in ("superscript", "subscript"):
            return "sup" if value == "superscript" else "sub"
        is_struck = any(_is_on(self._run_property(run, name)) for name in ("strike", "dstrike"))
        return "struck" if is_struck else ""

    def font(self, run: Element) -> str:
        """The font that a run names; "" for none."""
        fonts = self._run_property(run, "rFonts")
        return (attribute(fonts, "ascii") or attribute(fonts, "hAnsi") or "") if fonts is not None else ""

    def _shift(self, run: Element) -> str:
        """Shift of a run: moved up or down and set smaller is a figure as well; a move alone is not."""
        shift, size = self._run_property(run, "position"), self._run_property(run, "sz")
        if shift is None or size is None:
            return ""
        moved = attribute(shift, "val") or "0"
        return "subscript" if moved.startswith("-") else "superscript" if moved.strip("0") else ""

    def _run_property(self, run: Element, name: str) -> Element | None:
        """A property of a run, else of its style and what that is based on."""
        found = _in_properties(run, name)
        if found is not None:
            return found
        style = _in_properties(run, "rStyle")
        if style is not None:
            for owner in self._based(attribute(style, "val")):
                if (found := _in_properties(owner, name)) is not None:
                    return found
        return None

    def _value(self, paragraph: Element, name: str) -> str | None:
        for owner in (paragraph, *self._chain(paragraph)):
            for properties in owner:
                if local(properties) == "pPr":
                    for element in properties.iter():
                        if local(element) == name:
                            return attribute(element, "val")
        return None

    def _chain(self, paragraph: Element) -> Iterator[Element]:
        name = next(
            (
                attribute(child, "val")
                for properties in paragraph
                if local(properties) == "pPr"
                for child in properties
                if local(child) == "pStyle"
            ),
            None,
        )
        return self._based(name)

    def _based(self, name: str | None) -> Iterator[Element]:
        """A style and the styles it is based on."""
        for _ in range(_MAX_CHAIN):
            style = self._styles.get(name or "")
            if style is None:
                return
            yield style
            name = next((attribute(child, "val") for child in style if local(child) == "basedOn"), None)


def _in_properties(owner: Element, name: str) -> Element | None:
    """A run property of a run or a style."""
    for properties in owner:
        if local(properties) == "rPr":
            return next((child for child in properties if local(child) == name), None)
    return None


def _is_on(switch: Element | None) -> bool:
    return switch is not None and attribute(switch, "val") not in ("0", "false", "off")
