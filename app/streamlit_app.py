"""What `catena ui` and `make app` open: Streamlit runs this file; the pages are in `catena.app.ui`."""

from catena.app.ui.shell import main

main()
