"""The library: one folder that owns every document and what was read from it."""
