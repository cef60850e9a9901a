"""A KV-page server from the client's side. Needs no torch."""
