"""The rules of language of the reader and of retrieval, found by walking their modules: patterns, lists of words,
tables of words, files of words. Each can be watched, to know when it fires, and switched off."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from catena.benchmarks.watched_rules import Watch, watched

WALKED = (
    "catena.agents.citations",
    "catena.agents.extractive",
    "catena.agents.router",
    "catena.agents.candidates",
    "catena.retrieval",
)
FEWEST_WORDS = 4
"""A shorter tuple of strings is no list of words."""
_LOADED = re.compile(
    r"(?:collections\.abc\.)?(?:frozenset|set|dict|Mapping|tuple|list|Sequence|re\.Pattern)\b"
)
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its module and name; `kind` is pattern, words, or file: what a function without parameters reads."""

    name: str
    kind: str
    value: Any


def find_rules() -> list[Rule]:
    """Every rule that a function of the reader or of retrieval looks at, in the order of the modules."""
    modules = walked_modules()
    looked_at = {id(value) for module in modules for value in _looked_at(module)}
    found: dict[int, Rule] = {}
    for module in modules:
        for name in _made_in(module):
            value = vars(module).get(name)
            kind = _kind(value)
            if kind and id(value) in looked_at:
                short = module.__name__.removeprefix("catena.").removeprefix("agents.")
                found.setdefault(id(value), Rule(f"{short}.{name}", kind, value))
    return list(found.values())


def walked_modules() -> list[ModuleType]:
    """The modules that are walked."""
    names = []
    for name in WALKED:
        module = import_module(name)
        below = iter_modules(module.__path__, f"{name}.") if hasattr(module, "__path__") else ()
        names += [name, *(one.name for one in below if not one.ispkg)]
    return [import_module(name) for name in names]


def _kind(value: Any) -> str:
    if _is_loader(value):
        return "file"
    if isinstance(value, re.Pattern):
        return "pattern"
    if isinstance(value, Set | Mapping) and value and not isinstance(value, type):
        return "words"
    if isinstance(value, tuple | list) and value and not hasattr(value, "_fields"):
        has_rules = any(isinstance(part, re.Pattern) for one in value for part in _parts(one))
        words = [one for one in value if isinstance(one, str)]
        return "words" if has_rules or len(words) >= FEWEST_WORDS else ""
    return ""


def _parts(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _is_loader(value: Any) -> bool:
    """Tell whether a value is a function that reads a list once and keeps it."""
    if not hasattr(value, "cache_info"):
        return False
    signature = inspect.signature(value)
    return not signature.parameters and bool(_LOADED.match(str(signature.return_annotation)))


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _made_in(module: ModuleType) -> list[str]:
    """The names that a module makes itself."""
    made = []
    for node in _tree(module).body:
        if isinstance(node, ast.Assign):
            made += [
                one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)
            ]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            made.append(node.target.id)
        elif isinstance(node, ast.FunctionDef):
            made.append(node.name)
    return made


def _looked_at(module: ModuleType) -> Iterator[Any]:
    """The values of module-level names that functions read when they run."""
    functions = (
        node for node in ast.walk(_tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    names = {one.id for function in functions for one in ast.walk(function) if isinstance(one, ast.Name)}
    yield from (vars(module)[name] for name in names & vars(module).keys())


def off(value: Any) -> Any:
    """The same kind of rule that never matches, or holds nothing."""
    if _is_loader(value):
        empty = off(value())
        return lambda: empty
    if isinstance(value, re.Pattern):
        return _NEVER
    if isinstance(value, Mapping):
        return {}
    if isinstance(value, Set):
        return frozenset()
    return type(value)()


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """Switch one rule off, wherever it was imported to."""
    with _instead({id(rule.value): off(rule.value)}):
        yield


@contextmanager
def watching(rules: Sequence[Rule], watch: Watch) -> Iterator[None]:
    """Have every rule tell when it fires."""

    def seen(rule: Rule) -> Any:
        note = watch.note(rule.name)
        if rule.kind != "file":
            return watched(rule.value, note)
        value = watched(rule.value(), note)
        return lambda: value

    with _instead({id(rule.value): seen(rule) for rule in rules}):
        yield


@contextmanager
def _instead(others: Mapping[int, Any]) -> Iterator[None]:
    changed = []
    for module in _loaded():
        for name, value in list(vars(module).items()):
            if id(value) in others:
                changed.append((module, name, value))
                setattr(module, name, others[id(value)])
    forget()
    try:
        yield
    finally:
        for module, name, value in changed:
            setattr(module, name, value)
        forget()


def _loaded() -> list[ModuleType]:
    """Catena's modules, but those that judge."""
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("catena.") and not name.startswith("catena.benchmarks")
    ]


def forget() -> None:
    """Forget what functions remember: what they said under other rules."""
    for module in walked_modules():
        for value in vars(module).values():
            if hasattr(value, "cache_clear") and (_is_loader(value) or inspect.signature(value).parameters):
                value.cache_clear()
            elif isinstance(value, OrderedDict):
                value.clear()
