"""The catalogue: open models that can be fetched by name (open_models.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from catena.errors import OptionError


class KnownModel(BaseModel):
    """`gigabytes` of the file, in 10**9 bytes; `window`: tokens that it was trained for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    file: str = Field(pattern=r"^[\w.-]+\.gguf$")
    licence: str
    billions: float = Field(gt=0)
    gigabytes: float = Field(gt=0)
    window: int = Field(ge=2048)
    kv_bytes: int = Field(gt=0)
    good_for: str
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")

    @property
    def num_bytes(self) -> int:
        return round(self.gigabytes * 1e9)


@cache
def known_models() -> Mapping[str, KnownModel]:
    """The catalogue by name, smallest model first."""
    table = tomllib.loads((Path(__file__).parent / "open_models.toml").read_text("utf-8"))
    return {name: KnownModel(name=name, **row) for name, row in table.items()}


def known(name: str) -> KnownModel:
    """One model of the catalogue. Raises OptionError."""
    found = known_models().get(name)
    if found is None:
        raise OptionError(f"The catalogue has no model {name!r}.", "See `catena model ls`.")
    return found
