"""Models: who writes the answers. Keys stay in this session's memory."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from catena.app.ui.session import ModelChoice, chosen_model, open_client, tested_models
from catena.app.ui.words import plain
from catena.models.trying import Tried, try_model


@dataclass(frozen=True, slots=True)
class Provider:
    """How LiteLLM calls a provider's models, and where its key is looked for."""

    name: str
    prefix: str
    example: str
    key_name: str = ""
    api_base: str = ""


PROVIDERS = (
    Provider("OpenAI", "openai/", "gpt-4o-mini", "OPENAI_API_KEY"),
    Provider("Anthropic", "anthropic/", "claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
    Provider("Google Gemini", "gemini/", "gemini-2.5-flash", "GEMINI_API_KEY"),
    Provider("Mistral", "mistral/", "mistral-small-latest", "MISTRAL_API_KEY"),
    Provider("Ollama, on this computer", "ollama_chat/", "qwen3:8b", "", "http://localhost:11434"),
    Provider(
        "vLLM or SGLang", "hosted_vllm/", "Qwen/Qwen3-8B", "HOSTED_VLLM_API_KEY", "http://localhost:8000/v1"
    ),
    Provider("catena serve-model", "openai/", "local", "OPENAI_API_KEY", "http://127.0.0.1:8765/v1"),
    Provider("Other, with OpenAI's interface", "openai/", "", "OPENAI_API_KEY", "http://localhost:8000/v1"),
)


def show() -> None:
    st.title("Models")
    choice = chosen_model()
    if choice is None:
        st.info(
            "Answers come from the embedded reader: it quotes, needs no key and no network.",
            icon=":material/format_quote:",
        )
    else:
        st.success(f"Answers are written by {plain(choice.name)}.", icon=":material/memory:")
        if st.button("Use the embedded reader instead", icon=":material/undo:"):
            st.session_state["model"] = None
            st.rerun()
    names = [provider.name for provider in PROVIDERS]
    provider = PROVIDERS[names.index(st.selectbox("Provider", names, key="provider"))]
    with st.form(f"model-{provider.name}"):
        name = st.text_input("Model", value=provider.example, help="As the provider calls it")
        api_base = st.text_input("Address", value=provider.api_base) if provider.api_base else ""
        key = ""
        if provider.key_name:
            key = st.text_input(
                f"Key ({provider.key_name})",
                type="password",
                help="Kept in the memory of this session, in no file and no log. Empty: the environment's is used.",
            )
        is_sent = st.form_submit_button("Test and use", type="primary", icon=":material/cable:")
    if is_sent:
        _try(
            ModelChoice(
                f"{provider.prefix}{name.strip()}", api_base.strip() or None, provider.key_name, key.strip()
            )
        )
    tried: Tried | None = st.session_state.get("tried")
    if tried is not None and chosen_model() is not None and tried.is_usable:
        _show_facts(tried)


def _try(choice: ModelChoice) -> None:
    base = choice.api_base or open_client().settings.api_base
    with st.spinner(f"Asking {choice.name} for one word"):
        tried = try_model(choice.name, api_base=base, keys=choice.keys)
    if not tried.is_usable:
        st.error(f"**Not usable**: {plain(tried.message)}\n\n{plain(tried.remedy)}", icon=":material/error:")
        return
    st.session_state["model"], st.session_state["tried"] = choice, tried
    tested_models()
    st.session_state["tested-models"][choice.name] = choice
    st.rerun()


def _show_facts(tried: Tried) -> None:
    price = (
        "not known"
        if tried.price_read is None
        else f"${tried.price_read:.2f} read, ${tried.price_written:.2f} written"
    )
    first, second, third = st.columns(3)
    first.metric("Answered in", f"{tried.seconds:.1f} s")
    second.metric("Window", f"{tried.window:,} tokens")
    third.metric("Price of a million tokens", price)
