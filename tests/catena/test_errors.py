"""Errors cross process borders as they are."""

from __future__ import annotations

import inspect
import pickle

import pytest

from catena import errors
from catena.errors import CatenaError, DocumentError, MissingExtra
from catena.types import Usage

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CatenaError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_comes_back_from_another_process_as_it_was(kind: type[CatenaError]) -> None:
    made: CatenaError
    if issubclass(kind, DocumentError):
        made = kind("damaged", "It is cut short.", "Get it again.")
    elif issubclass(kind, MissingExtra):
        made = kind("tesserocr", "ocr")
    else:
        made = kind("It happened.", "Do this.")
    made.usage = Usage(calls=3)
    found = pickle.loads(pickle.dumps(made))
    assert type(found) is kind and str(found) == str(made)
    assert vars(found) == vars(made)
