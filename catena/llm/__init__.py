"""Language models behind the seam `catena/llm/protocol.py`: LiteLLM, and the wrappers around it."""
