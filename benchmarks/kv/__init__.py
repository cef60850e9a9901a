"""How KV pages do, in quality and speed. Needs torch, like kv/."""
