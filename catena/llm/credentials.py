"""Providers of models and their keys: which variable holds one, whether it can be a key, and where it may be kept.

The keyring (extra `keyring`) is the desktop's: Keychain, Credential Locker, Secret Service, KWallet; no key is ever in
a file of ours.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catena.errors import MissingExtra, ModelRefused, OptionError
from catena.redaction import public_address

if TYPE_CHECKING:
    from types import ModuleType

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


@dataclass(frozen=True, slots=True)
class Provider:
    """`prefix` goes before a model's name; `key_name` is the variable of its key; `api_base` where it listens."""

    name: str
    prefix: str
    example: str
    key_name: str = ""
    api_base: str = ""

    def model(self, name: str) -> str:
        """The model's name as settings and the command line take it."""
        return name if name.startswith(self.prefix) else f"{self.prefix}{name}"


PROVIDERS = (
    Provider("OpenAI", "openai/", "gpt-4o-mini", "OPENAI_API_KEY"),
    Provider("Anthropic", "anthropic/", "claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
    Provider("Google Gemini", "gemini/", "gemini-2.5-flash", "GEMINI_API_KEY"),
    Provider("Mistral", "mistral/", "mistral-small-latest", "MISTRAL_API_KEY"),
    Provider("Ollama", "ollama_chat/", "qwen3:8b", "", "http://localhost:11434"),
    Provider("vLLM", "hosted_vllm/", "Qwen/Qwen3-8B", "HOSTED_VLLM_API_KEY", "http://localhost:8000/v1"),
    # SGLang speaks as vLLM does.
    Provider("SGLang", "hosted_vllm/", "Qwen/Qwen3-8B", "HOSTED_VLLM_API_KEY", "http://localhost:30000/v1"),
    Provider("catena serve-model", "openai/", "local", "OPENAI_API_KEY", "http://127.0.0.1:8765/v1"),
    Provider("Other, with OpenAI's interface", "openai/", "", "OPENAI_API_KEY", "http://localhost:8000/v1"),
)


SERVICE = "catena"
SAFE_PRIORITY = 1
"""What `keyring` gives to backends that it recommends; those that write plain files have less."""
_INSTEAD = "Keep the key for this session alone, or set it as a variable of the environment."


def kept_key(key_name: str, api_base: str | None = None) -> str:
    """The key that is kept for a provider, or for one server; empty where none is. Raises OptionError, MissingExtra."""
    found = _ask("get_password", _entry(key_name, api_base))
    return found if isinstance(found, str) else ""


def keep_key(key: str, key_name: str, api_base: str | None = None) -> None:
    """Keep a key. Raises OptionError where the system has no keyring that is safe, MissingExtra without `keyring`."""
    _ask("set_password", _entry(key_name, api_base), key)


def forget_key(key_name: str, api_base: str | None = None) -> None:
    """Delete a key that is kept; one that is not is no error."""
    if kept_key(key_name, api_base):
        _ask("delete_password", _entry(key_name, api_base))


def _entry(key_name: str, api_base: str | None) -> str:
    return f"{key_name} {public_address(api_base)}" if api_base else key_name


def _ask(what: str, *values: str) -> object:
    keyring = _keyring()
    try:
        return getattr(keyring, what)(SERVICE, *values)
    except keyring.errors.KeyringError as error:
        raise OptionError(
            f"The system's keyring refuses: {type(error).__name__}.", f"Unlock it. {_INSTEAD}"
        ) from error


def _keyring() -> ModuleType:
    try:
        import keyring  # an extra
        import keyring.errors
    except ImportError as error:
        raise MissingExtra("keyring", "keyring") from error
    if keyring.get_keyring().priority < SAFE_PRIORITY:
        raise OptionError("This system has no keyring that is safe.", _INSTEAD)
    return keyring
