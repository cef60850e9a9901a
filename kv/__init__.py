"""A local model that reads a document once: its KV cache in KV pages, kept on disk, selected per question."""
