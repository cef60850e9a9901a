"""Settings: defaults, then `config.toml`, then `CATENA_*` variables, then arguments."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from catena.errors import OptionError
from catena.object_making import check_spec
from catena.redaction import BLOT, has_secret, public_address, remember_address

_WITHOUT = "Mend or move it; CATENA_CONFIG=FILE names another, CATENA_CONFIG= none."
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
CONFIG_FILE = Path(platformdirs.user_config_dir("catena", appauthor=False)) / "config.toml"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallSettings(_Group):
    """Calls of a language model."""

    seconds: float = Field(default=180.0, gt=0, description="most time for one call, retries included")
    silence: float = Field(
        default=60.0, gt=0, description="most seconds between two pieces of a streamed reply"
    )
    concurrency: int = Field(default=32, ge=1, description="calls to one model at once")
    max_reply_tokens: int | None = Field(
        default=None,
        ge=64,
        description="least room for a model's reply, for those that think first; none: 64 to 2048 by what is asked",
    )
    context_window: int | None = Field(
        default=None, ge=1024, description="tokens that the model takes; none: LiteLLM's table, else 8192"
    )


class LocalSettings(_Group):
    """Models of this machine (`catena model`)."""

    folder: Path | None = Field(default=None, description="folder of models; none: `models` in the library")
    idle_seconds: float = Field(
        default=600.0, gt=0, description="idle time after which a model's server ends"
    )
    prompt_tokens: int | None = Field(
        default=None,
        ge=0,
        description="most tokens of passages that a model is shown; 0: all that fit; none: 1500 on a processor, else 0",
    )


class ParserSettings(_Group):
    """Processes that read and draw documents."""

    processes: int = Field(default=2, ge=1, le=64, description="child processes that parse and render")
    memory_mib: int = Field(default=1024, ge=256, description="memory at which a parser is killed")
    seconds: float = Field(default=60.0, gt=0, description="least wall clock for one document")
    document_seconds: float = Field(
        default=7200.0,
        gt=0,
        description="most wall clock for one document, scans too; then it is kept in part",
    )
    max_pages: int = Field(default=10_000, ge=1, description="pages above which a document is refused")
    max_file_mib: int = Field(default=1024, ge=1, description="size above which a file is refused")


class ScanSettings(_Group):
    """Pages that are images (extra `ocr`)."""

    is_read: bool = Field(default=True, description="recognise their text")
    languages: str = Field(
        default="eng", pattern=r"^\w+(\+\w+)*$", description='Tesseract\'s codes of languages, as "eng+deu"'
    )
    seconds: float = Field(default=60.0, gt=0, description="most time to recognise one page")


FLAT = {
    "model_seconds": ("calls", "seconds"),
    "model_silence": ("calls", "silence"),
    "model_concurrency": ("calls", "concurrency"),
    "max_reply_tokens": ("calls", "max_reply_tokens"),
    "context_window": ("calls", "context_window"),
    "models_folder": ("local", "folder"),
    "local_idle_seconds": ("local", "idle_seconds"),
    "local_prompt_tokens": ("local", "prompt_tokens"),
    "parser_processes": ("parser", "processes"),
    "parser_memory_mib": ("parser", "memory_mib"),
    "parser_seconds": ("parser", "seconds"),
    "document_seconds": ("parser", "document_seconds"),
    "max_pages": ("parser", "max_pages"),
    "max_file_mib": ("parser", "max_file_mib"),
    "ocr": ("scans", "is_read"),
    "ocr_languages": ("scans", "languages"),
    "ocr_seconds": ("scans", "seconds"),
}
"""Names of grouped settings as variables (`CATENA_PARSER_SECONDS`), arguments, and in files without groups."""


class Settings(BaseSettings):
    """Read once at the edge, then passed down; immutable. Raises OptionError for a value that makes no sense."""

    model_config = SettingsConfigDict(env_prefix="CATENA_", frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("catena", appauthor=False)),
        description="folder of the library",
    )
    model: str | None = Field(
        default=None, description="LiteLLM name of the answering model; none: embedded reader"
    )
    small_model: str | None = Field(
        default=None, description="model for workers and demonstrations; none: the answering one"
    )
    fallback_model: str | None = Field(
        default=None, description="model that answers where the answering one fails; the answer says so"
    )
    api_base: str | None = Field(
        default=None,
        repr=False,
        description="address of an OpenAI-compatible server, for models of the same provider",
    )
    prices: dict[str, tuple[NonNegative, NonNegative]] = Field(
        default_factory=dict,
        description='USD per million tokens read and written, {"openai/x": [0.15, 0.60]}; else of LiteLLM',
    )
    calls: CallSettings = Field(default_factory=CallSettings, description="calls of a language model")
    local: LocalSettings = Field(default_factory=LocalSettings, description="models of this machine")
    parser: ParserSettings = Field(default_factory=ParserSettings, description="how documents are read")
    scans: ScanSettings = Field(default_factory=ScanSettings, description="pages that are images")
    ui_folders: tuple[Path, ...] | None = Field(
        default=None,
        description='folders that a path typed into `catena ui` may lead to, ["~/papers"]; none: your home folder',
    )
    vector_store: str | dict[str, Any] | None = Field(
        default=None,
        description="LlamaIndex vector store in place of the library's own (docs/vector-stores.md); none: FAISS",
    )
    offline: bool = Field(default=False, description="fetch no document from the web")
    background: bool = Field(default=True, description="fill vectors in a background process after an add")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _unusable(error) from None  # what was given may be a key
        except SettingsError as error:
            raise OptionError(
                f"A variable of the environment cannot be read: {error}.",
                "CATENA_PRICES and CATENA_UI_FOLDERS are JSON: see catena config.",
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise OptionError(f"The settings in {config_file()} are no TOML: {error}.", _WITHOUT) from None
        except OSError as error:
            raise OptionError(
                f"The settings in {config_file()} cannot be read: {error.strerror}.", _WITHOUT
            ) from None

    @field_validator("home", mode="before")
    @classmethod
    def _named(cls, home: object) -> object:
        """Refuse an empty path: it would be the folder that somebody happens to stand in."""
        if isinstance(home, str | Path) and (not str(home).strip() or "\0" in str(home)):
            raise ValueError("it names no folder")
        return home

    @field_validator("vector_store", mode="after")
    @classmethod
    def _makes_a_store(cls, store: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if store is not None:
            check_spec(store)
        return store

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = config_file()
        sources: list[Callable[[], dict[str, Any]]] = [
            init_settings,
            lambda: {**env_settings(), **_flat_variables()},
        ]
        if file is not None:
            sources.append(TomlConfigSettingsSource(settings_cls, file))
        return tuple(cast("PydanticBaseSettingsSource", partial(_grouped, source)) for source in sources)

    def with_concurrency(self, calls: int) -> Settings:
        """Return the settings with so many calls to one model at once."""
        return self.model_copy(update={"calls": self.calls.model_copy(update={"concurrency": calls})})


def _flat_variables() -> dict[str, str]:
    """Read the variables of grouped settings."""
    given = {name.lower(): value for name, value in os.environ.items()}
    return {name: given[f"catena_{name}"] for name in FLAT if f"catena_{name}" in given}


def _grouped(source: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Put each setting of a source that has a flat name into its group."""
    given = source()
    found = {name: value for name, value in given.items() if name not in FLAT}
    for name in FLAT.keys() & given.keys():
        group, field = FLAT[name]
        inside = found.get(group, {})
        if isinstance(inside, BaseModel):
            inside = inside.model_dump(exclude_unset=True)
        found[group] = {**inside, field: given[name]}
    return found


def described_settings(settings: Settings) -> list[tuple[str, object, str]]:
    """List name, value and meaning of every setting, by the name that its variable has."""
    shown = public_settings(settings)
    names = {place: name for name, place in FLAT.items()}
    groups = {group for group, _ in FLAT.values()}
    plain = [(name, field) for name, field in Settings.model_fields.items() if name not in groups]
    rows = [(name, shown[name], field.description or "") for name, field in plain]
    for group in sorted(groups):
        for name, field in type(getattr(settings, group)).model_fields.items():
            rows.append((names[group, name], shown[group][name], field.description or ""))
    return rows


def public_settings(settings: Settings) -> dict[str, Any]:
    """The settings as plain values that may be shown and kept: no address with a key or a password in it."""
    shown: dict[str, Any] = settings.model_dump(mode="json")
    return shown | {"api_base": settings.api_base and public_address(settings.api_base)}


def kept_settings(kept: Mapping[str, Any]) -> Settings:
    """Read settings that `public_settings` wrote; an address that held a secret comes from the environment.

    Raises OptionError where that has another.
    """
    base = str(kept.get("api_base") or "")
    if BLOT not in base:
        return load_settings(**kept)
    settings = load_settings(**{**kept, "api_base": None})
    if public_address(settings.api_base or "") != base:
        raise OptionError(
            f"The address {base} held a key or a password, which is kept in no file.",
            "Set CATENA_API_BASE to the whole address, and go on with it.",
        )
    return settings


def address_variables(api_base: str | None) -> dict[str, str]:
    """Return the environment of a process that reads settings which were kept."""
    return {"CATENA_API_BASE": api_base} if api_base and has_secret(api_base) else {}


def config_file() -> Path | None:
    """The file of settings, where there is one: `$CATENA_CONFIG`, else the user's own.

    Raises OptionError for what is there and is no file, and for a name under which there is none.
    """
    named = os.environ.get("CATENA_CONFIG")
    if named is not None and not named.strip():
        return None
    file = Path(named) if named else CONFIG_FILE
    if not os.path.lexists(file):
        if named:
            raise OptionError(f"There is no file {file}, which CATENA_CONFIG names.", _WITHOUT)
        return None
    if not os.path.isfile(file):
        raise OptionError(f"The settings {file} are no file that can be read.", _WITHOUT)
    return file


def load_settings(**overrides: object) -> Settings:
    """Read the settings; arguments that are None do not count. Raises OptionError."""
    settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    try:
        home = settings.home.expanduser().absolute()
    except RuntimeError as error:  # "~somebody", who is nobody
        raise OptionError(f"The setting 'home' is not usable: {error}", "Give the whole path.") from None
    remember_address(settings.api_base)
    return settings.model_copy(update={"home": home})


def _unusable(error: ValidationError) -> OptionError:
    first = error.errors(include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        names = [*Settings.model_fields, *FLAT, *map(".".join, FLAT.values())]
        near = get_close_matches(where, names, 1)
        return OptionError(
            f"There is no setting {where!r}.",
            f"{f'Is {near[0]!r} meant? ' if near else ''}See `catena config`, and change {_config_name()}.",
        )
    flat = {".".join(place): name for name, place in FLAT.items()}
    where = flat.get(where, where)
    name = where.split(".")[0] or "settings"
    return OptionError(
        f"The setting {where!r} is not usable: {first['msg']}.",
        f"Change CATENA_{name.upper()}, the argument, or {_config_name()}.",
    )


def _config_name() -> str:
    return os.environ.get("CATENA_CONFIG", "").strip() or str(CONFIG_FILE)
