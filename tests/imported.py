"""What imports what: every import of the tree, where it stands, and what follows from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parent.parent
FOLDERS = tuple(
    path.parent.name
    for path in sorted(ROOT.glob("*/__init__.py"))
    if (ROOT / "catena" / path.parent.name).is_symlink()
)
"""Those that are parts of the package: `catena/agents` is a link to `agents`."""
Where = Literal["top", "inside", "types"]
"""At load; inside a function, when that is called; for type checkers alone."""
LOADED: frozenset[Where] = frozenset({"top"})
RUN: frozenset[Where] = frozenset({"top", "inside"})
ALL: frozenset[Where] = frozenset({"top", "inside", "types"})


@dataclass(frozen=True, slots=True)
class Import:
    """`name` is what is imported, `catena.types.Answer`; `line` is where."""

    name: str
    where: Where
    line: int


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the package with its import name; folders are read once, not through the symlinks."""
    for folder in ("catena", *FOLDERS):
        prefix = "" if folder == "catena" else "catena."
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if folder == "catena" and parts[1] in FOLDERS:
                continue
            yield prefix + ".".join(parts).removesuffix(".__init__"), path


MODULES = dict(sources())


@cache
def imports(module: str) -> tuple[Import, ...]:
    """Every import of a module."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    return tuple(_found(tree, "top"))


def _found(node: ast.AST, where: Where) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, where, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield from (Import(f"{child.module}.{one.name}", where, child.lineno) for one in child.names)
        yield from _found(child, _where(child, where))


def _where(node: ast.AST, where: Where) -> Where:
    """Where the imports in a statement stand."""
    if where == "types" or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
        return "types"
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    return "inside" if is_function else where


def module_of(name: str) -> str:
    """The module of ours that an imported name is in, or is; empty for other people's."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


@cache
def arrows(where: frozenset[Where]) -> Mapping[str, frozenset[str]]:
    """By module, the modules of ours that it imports there."""
    return {
        module: frozenset(
            {module_of(one.name) for one in imports(module) if one.where in where} - {"", module}
        )
        for module in MODULES
    }


@cache
def reached(module: str, where: frozenset[Where]) -> frozenset[str]:
    """All modules of ours that come with one, itself and the packages they are in too."""
    found: set[str] = set()
    left = [module]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [
                *arrows(where)[one],
                *([package] if (package := module_of(one.rpartition(".")[0])) else []),
            ]
    return frozenset(found)


def packages(module: str, where: frozenset[Where]) -> set[str]:
    """All packages of others that come with a module."""
    names = {one.name for own in reached(module, where) for one in imports(own) if one.where in where}
    return {name.partition(".")[0] for name in names if not module_of(name)}


def circles(where: frozenset[Where]) -> list[set[str]]:
    """Modules that lead back to themselves, those of one circle together."""
    found: list[set[str]] = []
    for module in MODULES:
        back = {one for one in _behind(module, where) if module in _behind(one, where)}
        if back and not any(module in circle for circle in found):
            found.append(back)
    return found


@cache
def _behind(module: str, where: frozenset[Where]) -> frozenset[str]:
    """What the imports of a module lead to; itself only by way of others."""
    found: set[str] = set()
    left = [*arrows(where)[module]]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += arrows(where)[one]
    return frozenset(found)
