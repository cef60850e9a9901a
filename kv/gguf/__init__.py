"""GGUF files as model folders: what llama.cpp reads, turned once into what the KV pages are computed with."""
