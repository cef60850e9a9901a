"""What can be configured: defaults, then `config.toml`, then `CATENA_*` variables, then arguments."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from catena.errors import OptionError

CONFIG_FILE = Path(platformdirs.user_config_dir("catena", appauthor=False)) / "config.toml"


class Settings(BaseSettings):
    """Read once at the edge, then passed down; immutable."""

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
        default=None, description="address of an OpenAI-compatible server, for models of the same provider"
    )
    model_seconds: float = Field(
        default=180.0, gt=0, description="most time for one call of a model, retries included"
    )
    model_silence: float = Field(
        default=60.0, gt=0, description="most seconds between two pieces of a streamed reply"
    )
    model_concurrency: int = Field(default=32, ge=1, description="calls to one model at once")
    max_reply_tokens: int | None = Field(
        default=None,
        ge=64,
        description="least room for a model's reply, for those that think first; none: 64 to 2048 by what is asked",
    )
    context_window: int | None = Field(
        default=None, ge=1024, description="tokens that the model takes; none: LiteLLM's table, else 8192"
    )
    models_folder: Path | None = Field(
        default=None, description="folder of local models (`catena model`); none: `models` in the library"
    )
    local_idle_seconds: float = Field(
        default=600.0, gt=0, description="idle time after which the server of a local model ends"
    )
    local_prompt_tokens: int | None = Field(
        default=None,
        ge=0,
        description="most tokens of passages that a local model is shown; 0: all that fit; none: 1500 on a processor, "
        "else 0",
    )
    prices: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description='USD per million tokens read and written, {"openai/x": [0.15, 0.60]}; else of LiteLLM',
    )
    parser_processes: int = Field(default=2, ge=1, le=64, description="child processes that parse and render")
    parser_memory_mib: int = Field(default=1024, ge=256, description="memory at which a parser is killed")
    parser_seconds: float = Field(default=60.0, gt=0, description="least wall clock for one document")
    document_seconds: float = Field(
        default=7200.0,
        gt=0,
        description="most wall clock for one document, scans too; then it is kept in part",
    )
    ocr: bool = Field(default=True, description="recognise the text of pages that are images (extra `ocr`)")
    ocr_languages: str = Field(
        default="eng", pattern=r"^\w+(\+\w+)*$", description='Tesseract\'s codes of languages, as "eng+deu"'
    )
    ocr_seconds: float = Field(default=60.0, gt=0, description="most time to recognise one page")
    max_pages: int = Field(default=10_000, ge=1, description="pages above which a document is refused")
    max_file_mib: int = Field(default=1024, ge=1, description="size above which a file is refused")
    ui_folders: tuple[Path, ...] | None = Field(
        default=None,
        description='folders that a path typed into `catena ui` may lead to, ["~/papers"]; none: your home folder',
    )
    background: bool = Field(default=True, description="fill vectors in a background process after an add")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        config = TomlConfigSettingsSource(settings_cls, Path(os.environ.get("CATENA_CONFIG", CONFIG_FILE)))
        return init_settings, env_settings, config


def load_settings(**overrides: object) -> Settings:
    """Read the settings; arguments that are None do not count. Raises OptionError."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise OptionError(
            f"The setting {name!r} is not usable: {first['msg']}.",
            f"Change CATENA_{name.upper()}, the argument, or {CONFIG_FILE}.",
        ) from error
    return settings.model_copy(update={"home": settings.home.expanduser().absolute()})
