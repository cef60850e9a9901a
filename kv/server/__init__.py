"""The engine behind OpenAI's protocol."""
