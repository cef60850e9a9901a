"""Spreadsheets: what their cells show, cut into pages of rows."""
