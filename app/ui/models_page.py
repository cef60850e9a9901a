"""Models: who writes the answers. Keys stay in this session's memory, or in the system's keyring if that is wished."""

from __future__ import annotations

import streamlit as st

from catena.app.ui.error_view import show_error
from catena.app.ui.labels import EMBEDDED, plain
from catena.app.ui.visitor_session import ModelChoice, chosen_model, local_names, open_client, tested_models
from catena.errors import CatenaError, MissingExtra
from catena.llm.credentials import PROVIDERS, Provider, forget_key, keep_key, kept_key
from catena.llm.litellm_catalogue import price, window
from catena.llm.probe import ProbeResult, try_model
from catena.llm.protocol import Price
from catena.local.local_llm import is_local
from catena.local.memory_fit import available_memory, fit, gigabytes, total_memory
from catena.local.stored_models import PREFIX, shelf_of


def show() -> None:
    st.title("Models")
    _choose()
    tried: ProbeResult | None = st.session_state.get("tried")
    if tried is not None and chosen_model() is not None and tried.is_usable:
        st.caption(f"Answered the test in {tried.seconds:.1f} s.")
    st.subheader("Add a model")
    names = [provider.name for provider in PROVIDERS]
    provider = PROVIDERS[names.index(st.selectbox("Provider", names, key="provider"))]
    _add(provider)


def _choose() -> None:
    """Model that answers: the embedded reader, or one of the models that passed their test in this session."""
    choice, tested = chosen_model(), tested_models()
    names = [EMBEDDED, *tested]
    wanted = st.radio(
        "Answers come from",
        names,
        index=names.index(choice.name) if choice else 0,
        format_func=plain,
        captions=["Quotes sentences and writes none; needs no key and no network", *map(_facts, tested)],
    )
    if not local_names():
        st.caption("A model on this machine writes answers without a key: catena model get qwen2.5-1.5b")
    if wanted != (choice.name if choice else EMBEDDED):
        st.session_state["model"] = tested.get(wanted)
        st.rerun()


def _add(provider: Provider) -> None:
    name = st.text_input("Model", value=provider.example, help="As the provider calls it").strip()
    api_base = st.text_input("Address", value=provider.api_base).strip() if provider.api_base else ""
    if name:
        st.caption(_facts(provider.model(name)))
    key, is_kept = _ask_key(provider, api_base) if provider.key_name else ("", False)
    if st.button("Test and use", type="primary", icon=":material/cable:", disabled=not name):
        choice = ModelChoice(provider.model(name), api_base or None, provider.key_name, key)
        if _try(choice) and (not is_kept or _keep(choice)):
            st.rerun()


def _ask_key(provider: Provider, api_base: str) -> tuple[str, bool]:
    """The key, and whether it is to be kept. One that is kept already is never shown."""
    kept, is_possible = "", True
    try:
        kept = kept_key(provider.key_name, api_base)
    except MissingExtra as error:
        is_possible = False
        st.caption(f"Keys can be kept in the system's keyring. {plain(error.remedy)}")
    except CatenaError as error:
        is_possible = False
        st.caption(plain(f"{error.message} {error.remedy}"))
    given = st.text_input(
        f"Key ({provider.key_name})",
        type="password",
        placeholder="The one in the keyring" if kept else "",
        help="In the memory of this session: in no file and no log. Empty: the environment's is used.",
    ).strip()
    if kept and st.button("Delete the key from the keyring", icon=":material/key_off:"):
        forget_key(provider.key_name, api_base)
        st.rerun()
    is_wished = is_possible and st.checkbox("Keep the key in the system's keyring", disabled=not given)
    return given or kept, bool(given and is_wished)


def _keep(choice: ModelChoice) -> bool:
    try:
        keep_key(choice.key, choice.key_name, choice.api_base)
    except CatenaError as error:
        show_error(error)
        return False
    return True


def _try(choice: ModelChoice) -> bool:
    base = choice.api_base or open_client().settings.api_base
    with st.spinner(f"Asking {plain(choice.name)} for one word"):
        tried = try_model(choice.name, api_base=base, keys=choice.keys)
    if not tried.is_usable:
        st.error(f"**Not usable**: {plain(tried.message)}\n\n{plain(tried.remedy)}", icon=":material/error:")
        return False
    st.session_state["tested-models"] = {**tested_models(), choice.name: choice}
    st.session_state["model"], st.session_state["tried"] = choice, tried
    return True


def _facts(model: str) -> str:
    """Window and price, as LiteLLM's bundled table or the settings know them; of a local model what it takes."""
    settings = open_client().settings
    if is_local(model):
        return _local_facts(model)
    own = settings.prices.get(model)
    found = Price(own[0] / 1e6, own[1] / 1e6) if own else price(model)
    cost = "price not known"
    if found is not None:
        cost = f"a million tokens: ${found.input * 1e6:.2f} read, ${found.output * 1e6:.2f} written"
    return plain(f"Reads {settings.calls.context_window or window(model):,} tokens at once · {cost}")


def _local_facts(model: str) -> str:
    found = shelf_of(open_client().settings).find(model.removeprefix(PREFIX))
    if found is None:
        return "Not on this machine any more"
    fits = {"fits": "", "tight": "; not free now", "too large": "; more than this machine has"}
    mark = fit(found.need, available=available_memory(), total=total_memory())
    return plain(
        f"On this machine, without a key or a network; takes {gigabytes(found.need)} of memory{fits[mark]}"
    )
