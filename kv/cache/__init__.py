"""KV pages of documents, in memory and on disk."""
