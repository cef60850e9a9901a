"""Keys of models in the system's keyring, for those who want them kept; never in a file of ours.

The keyring (extra `keyring`) is the desktop's: Keychain, Credential Locker, Secret Service, KWallet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catena.errors import MissingExtra, OptionError
from catena.redaction import public_address

if TYPE_CHECKING:
    from types import ModuleType

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
