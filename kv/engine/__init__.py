"""A language model over KV pages: prefill, steps, sampling."""
