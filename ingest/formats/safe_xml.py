"""XML from inside a document as a tree: entities are refused, nothing outside the bytes is ever read."""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_MAX_DEPTH = 400


class BadXML(ValueError):
    """Not well formed, or with a trick in it."""


def parse_xml(data: bytes) -> Element:
    """Parse; names are written `{namespace}local` as in ElementTree. Raises BadXML."""
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
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
    parser.EntityDeclHandler = _refuse_entity
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise BadXML(str(error)) from error


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
