"""Blocks cut into pages, typeset and drawn."""
