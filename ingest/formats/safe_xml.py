"""XML from inside a document as a tree: entities are refused, nothing outside the bytes is ever read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_MAX_DEPTH = 400


class BadXML(ValueError):
    """Not well formed, or with a trick in it."""


def parse_xml(data: bytes) -> Element:
    """Parse; names are written `{namespace}local` as in ElementTree. Raises BadXML."""
    builder = TreeBuilder()
    parser = _parser()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise BadXML("elements too deep")
        builder.start(_name(tag), {_name(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(tag))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise BadXML(str(error)) from error


def read_xml(
    chunks: Iterable[bytes],
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object],
) -> None:
    """Call back for each element and text of an XML file that is too large for a tree; names are local ones.

    Raises BadXML.
    """
    parser = _parser()
    parser.StartElementHandler = lambda tag, own: start(
        tag.rpartition("}")[2], {key.rpartition("}")[2]: value for key, value in own.items()}
    )
    parser.EndElementHandler = lambda tag: end(tag.rpartition("}")[2])
    parser.CharacterDataHandler = text
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadXML(str(error)) from error


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.EntityDeclHandler = _refuse_entity
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    return parser


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, name: str) -> str | None:
    """An attribute by its local name, whatever its namespace."""
    for key, value in element.attrib.items():
        if key == name or key.endswith("}" + name):
            return value
    return None


def _name(name: str) -> str:
    return "{" + name if "}" in name else name


def _refuse_entity(*_: object) -> NoReturn:
    raise BadXML("it declares entities")
