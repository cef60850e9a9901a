"""Session of one visitor, and the one client that all visitors share."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib import import_module

import streamlit as st

from catena.client import Catena
from catena.local.stored_models import PREFIX, shelf_of
from catena.types import Document


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model of this visitor; `key` lives in this session's memory and nowhere else."""

    name: str
    api_base: str | None = None
    key_name: str = ""
    key: str = ""

    @property
    def keys(self) -> dict[str, str]:
        return {self.key_name: self.key} if self.key else {}


@st.cache_resource(on_release=Catena.close, show_spinner="Opening the library")
def open_client() -> Catena:
    return Catena()


@st.cache_resource
def warm_behind() -> None:
    """Once for each server, when its first page is drawn."""
    if open_client().settings.background:
        threading.Thread(target=_warm, args=(open_client(),), daemon=True).start()


def _warm(client: Catena) -> None:
    client.warm()
    import_module("pandas")  # of every table that Streamlit shows


def chosen_model() -> ModelChoice | None:
    """The model that answers, or nothing for the embedded reader."""
    if "model" not in st.session_state:
        name = open_client().settings.model
        st.session_state["model"] = ModelChoice(name) if name else None
    choice: ModelChoice | None = st.session_state["model"]
    return choice


def tested_models() -> dict[str, ModelChoice]:
    """Every model that can be asked by its name: those tested, the settings' one, and those on this machine."""
    tested: dict[str, ModelChoice] = st.session_state.setdefault("tested-models", {})
    current = chosen_model()
    here = {one.name: one for one in map(ModelChoice, local_names())}
    return {**({current.name: current} if current else {}), **tested, **here}


def local_names() -> list[str]:
    """The models on this machine, as settings and the command line call them."""
    return [f"{PREFIX}{one.name}" for one in shelf_of(open_client().settings).models() if one.is_whole]


def readable(catena: Catena) -> list[Document]:
    """The documents that can be asked, newest first."""
    return [document for document in reversed(catena.documents()) if document.is_readable]


def go_to(page: str) -> None:
    """Open another page."""
    st.switch_page(st.session_state["pages"][page])
