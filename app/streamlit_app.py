"""The script that `catena ui`, `make app` and `streamlit run` serve: the pages, behind a check of who may open them."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from catena.app.ui.login import needs_login, public_origin, require_login
from catena.app.ui.start_token import AskForToken, announced, start_token
from catena.request_origins import OwnAddress

require_login(st.get_option("server.address") or "0.0.0.0")
gate = Middleware(
    AskForToken, own=OwnAddress(public=public_origin()), token="" if needs_login() else start_token()
)
# Streamlit looks for this very call, and serves what it makes.
app = st.App(Path(__file__).parent / "ui" / "visitor_page.py", middleware=[gate], lifespan=announced)
