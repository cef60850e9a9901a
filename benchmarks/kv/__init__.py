"""KV pages measured, in quality and speed. Needs torch, like kv/."""
