"""The script that Streamlit runs for each visitor, served by `app/streamlit_app.py`; by itself it shows nothing."""

import streamlit as st

from catena.app.ui.page_frame import main
from catena.app.ui.start_token import is_asked

if is_asked.is_set():
    main()
else:
    st.error(
        "Served like this, whoever reaches the port reads your documents. Start the pages with `catena ui`."
    )
