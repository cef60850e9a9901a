"""Language models behind the seam `catena/llm.py`: LiteLLM, and the wrappers around it."""
