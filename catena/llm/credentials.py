"""The key of a model: which variable holds it, and whether it can be a key at all."""

from __future__ import annotations

import os
import unicodedata

from catena.errors import ModelRefused
from catena.llm.providers import PROVIDERS

OF_SERVERS = {
    "lm_studio/": "LM_STUDIO_API_KEY",
    "llamafile/": "LLAMAFILE_API_KEY",
    "custom_openai/": "OPENAI_API_KEY",
}
WHERE = "export {name}=… in the shell, or enter it on the page under Models."


def key_name(model: str) -> str:
    """The variable that holds a model's key; empty where none is known to be needed."""
    named = {provider.prefix: provider.key_name for provider in PROVIDERS} | OF_SERVERS
    return named.get(f"{model.partition('/')[0]}/", "")


def key_for(model: str, api_base: str | None) -> str:
    """The key from the environment; a server of one's own may need none.

    Raises ModelRefused where a provider's key is not set, or has a character that keys do not have.
    """
    name = key_name(model)
    key = os.environ.get(name, "").strip() if name else ""
    if name and not key and not api_base:
        raise ModelRefused(
            f"{model} needs a key, and {name} is not set.", f"Set it: {WHERE.format(name=name)}"
        )
    odd = next((place for place, char in enumerate(key, 1) if not "!" <= char <= "~"), None)
    if odd is not None:
        char = unicodedata.name(key[odd - 1], f"code {ord(key[odd - 1])}").lower()
        raise ModelRefused(
            f"The key in {name} has a character that keys do not have: its {_ordinal(odd)} is “{char}”.",
            f"Copy it anew, without quotes and line ends: {WHERE.format(name=name)}",
        )
    return key


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
