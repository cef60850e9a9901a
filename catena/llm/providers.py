"""Providers of models, and how each is called: a prefix of LiteLLM, the name of its key, the address of a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """`prefix` goes before a model's name; `key_name` is the variable of its key; `api_base` where it listens."""

    name: str
    prefix: str
    example: str
    key_name: str = ""
    api_base: str = ""

    def model(self, name: str) -> str:
        """The model's name as settings and the command line take it."""
        return name if name.startswith(self.prefix) else f"{self.prefix}{name}"


PROVIDERS = (
    Provider("OpenAI", "openai/", "gpt-4o-mini", "OPENAI_API_KEY"),
    Provider("Anthropic", "anthropic/", "claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
    Provider("Google Gemini", "gemini/", "gemini-2.5-flash", "GEMINI_API_KEY"),
    Provider("Mistral", "mistral/", "mistral-small-latest", "MISTRAL_API_KEY"),
    Provider("Ollama", "ollama_chat/", "qwen3:8b", "", "http://localhost:11434"),
    Provider("vLLM", "hosted_vllm/", "Qwen/Qwen3-8B", "HOSTED_VLLM_API_KEY", "http://localhost:8000/v1"),
    # SGLang speaks as vLLM does.
    Provider("SGLang", "hosted_vllm/", "Qwen/Qwen3-8B", "HOSTED_VLLM_API_KEY", "http://localhost:30000/v1"),
    Provider("catena serve-model", "openai/", "local", "OPENAI_API_KEY", "http://127.0.0.1:8765/v1"),
    Provider("Other, with OpenAI's interface", "openai/", "", "OPENAI_API_KEY", "http://localhost:8000/v1"),
)
