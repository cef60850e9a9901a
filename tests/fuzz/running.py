"""Runs a check on made-up inputs for a while: seconds in CI, minutes behind `make fuzz`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

Input = TypeVar("Input")

CI_SECONDS = 6.0
_AT_ONCE = 50


def fuzz(check: Callable[[Input], None], inputs: SearchStrategy[Input]) -> None:
    """Check inputs until $FUZZ_SECONDS are over; $FUZZ_SEED brings the same ones again.

    What fails is shrunk by Hypothesis and printed, after the seed that found it.
    """
    first = int(os.environ.get("FUZZ_SEED", "0"))
    end = time.monotonic() + float(os.environ.get("FUZZ_SECONDS", CI_SECONDS))
    number = first
    while number == first or time.monotonic() < end:
        print(f"{check.__name__}: FUZZ_SEED={number}")
        _run(check, inputs, number)
        number += 1


def _run(check: Callable[[Input], None], inputs: SearchStrategy[Input], number: int) -> None:
    @seed(number)
    @settings(max_examples=_AT_ONCE, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def run(value: Input) -> None:
        check(value)

    run()
