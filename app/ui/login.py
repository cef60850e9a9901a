"""Streamlit's log-in (`st.login`): whether it is configured, and where other machines find the pages then."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from catena.errors import OptionError
from catena.request_origins import is_loopback


def needs_login() -> bool:
    """Tell whether Streamlit's `st.login` is configured."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # no secrets at all
        return False


def public_origin() -> str:
    """The origin that visitors log in at, by `redirect_uri` of [auth]; nothing without a log-in."""
    if not needs_login():
        return ""
    parts = urlsplit(str(st.secrets["auth"].get("redirect_uri", "")))
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def require_login(host: str) -> None:
    """Other machines may only come in where visitors have to say who they are. Raises OptionError."""
    if is_loopback(host) or needs_login():
        return
    raise OptionError(
        f"At {host} other machines could read and ask your documents, and nobody would have to log in.",
        "Configure [auth] in .streamlit/secrets.toml (Streamlit's st.login), or leave the address at 127.0.0.1.",
    )
