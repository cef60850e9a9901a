"""Does a model answer? One small call, in a process of its own, so that its key is in no other's environment.

python -m catena.llm.probe MODEL [--api-base URL]      prints one line of JSON
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from catena.environment import hide_secrets
from catena.errors import CatenaError, ModelSilent
from catena.redaction import has_secret

SECONDS = 35.0
ADDRESS = "CATENA_API_BASE"
START_SECONDS = 60.0
"""For the process and its imports, on a busy machine."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Answer of a model to a probe; `message` and `remedy` say why it cannot be used."""

    is_usable: bool
    name: str = ""
    seconds: float = 0.0
    window: int = 0
    message: str = ""
    remedy: str = ""


def try_model(
    model: str, *, api_base: str | None = None, keys: Mapping[str, str] | None = None
) -> ProbeResult:
    """Ask a model for one word. `keys` are variables for the environment of that one process."""
    command = [sys.executable, "-P", "-m", "catena.llm.probe", model]
    is_secret = has_secret(api_base)  # everybody on a machine sees the arguments of its processes
    command += ["--api-base", api_base] if api_base and not is_secret else []
    base = {ADDRESS: api_base} if api_base and is_secret else {}
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **base, **(keys or {})},
            capture_output=True,
            timeout=SECONDS + START_SECONDS,
            check=False,
        )
        return ProbeResult(**json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return ProbeResult(
            False,
            message=f"No answer within {START_SECONDS + SECONDS:.0f} s.",
            remedy="Is the server busy or the address wrong?",
        )
    except (IndexError, ValueError):
        return ProbeResult(False, message="The test broke off.", remedy="Check the name of the model.")


async def _ask(model: str, api_base: str | None) -> ProbeResult:
    # LiteLLM: seconds, for which whoever calls `try_model` has no use.
    from catena.llm import litellm_catalogue
    from catena.llm.litellm_client import LiteLLM

    await litellm_catalogue.loaded()  # seconds, which are not the model's
    llm = LiteLLM(model, api_base)
    begin = time.monotonic()
    done = await asyncio.wait_for(
        llm.complete([{"role": "user", "content": "Reply with the word: ready"}], max_tokens=16), SECONDS
    )
    return ProbeResult(True, done.model or model, round(time.monotonic() - begin, 2), await llm.window())


def main() -> None:

    hide_secrets()
    parser = argparse.ArgumentParser(prog="catena.llm.probe")
    parser.add_argument("model")
    parser.add_argument("--api-base", default=os.environ.get(ADDRESS))
    options = parser.parse_args()
    try:
        tried = asyncio.run(_ask(options.model, options.api_base))
    except ModelSilent:  # it was reached and took the request: some models think first
        tried = ProbeResult(True, options.model)
    except TimeoutError:
        tried = ProbeResult(
            False, message="No answer in time.", remedy="Is the server busy or the address wrong?"
        )
    except CatenaError as error:
        tried = ProbeResult(False, message=error.message, remedy=error.remedy)
    print(json.dumps(asdict(tried)))


if __name__ == "__main__":
    main()
