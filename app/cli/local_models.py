"""`catena serve-model` and `train-retriever`: a local model that reads documents once. Needs the extra `local`.

The commands import what they need when they run: `catena --help` waits for no torch.
"""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.process_border import say
from catena.errors import OptionError
from catena.kv.server.access import check_address, read_keys
from catena.listening_socket import listen
from catena.request_origins import at as address

if TYPE_CHECKING:
    from catena.app.cli.progress_bars import FetchProgress
    from catena.settings import Settings

_SOURCES = "A model's folder, a GGUF file, a model that `catena model ls` has, or one's name on the Hugging Face hub."
ModelSource = Annotated[str, typer.Argument(metavar="MODEL", help=_SOURCES)]
PageSize = Annotated[int, typer.Option("--page-size", min=1, help="Tokens of a KV page.")]


class Dtype(StrEnum):
    auto = "auto"
    bfloat16 = "bfloat16"
    float32 = "float32"


def serve_model(
    model: ModelSource,
    host: Annotated[str, typer.Option("--host", help="Address to serve at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    api_key_file: Annotated[
        Path | None, typer.Option("--api-key-file", help="One key a line; each sees its own documents.")
    ] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="On 127.0.0.1 ask programs for no key; web pages stay out.")
    ] = False,
    store: Annotated[Path | None, typer.Option("--store", help="Folder of the KV caches.")] = None,
    store_gib: Annotated[
        float | None, typer.Option("--store-gib", min=0, help="Above this the least recently used go.")
    ] = None,
    pool_gib: Annotated[
        float, typer.Option("--pool-gib", min=0, help="Memory for KV pages that were read from disk.")
    ] = 2.0,
    fp8: Annotated[bool, typer.Option("--fp8", help="Keep new KV pages in 8 bits, half the size.")] = False,
    device: Annotated[
        str, typer.Option("--device", help="cpu; or cuda, which was not run on a GPU yet.")
    ] = "cpu",
    device_gib: Annotated[
        float, typer.Option("--device-gib", min=0, help="Memory of a GPU for KV pages.")
    ] = 8.0,
    dtype: Annotated[
        Dtype,
        typer.Option("--dtype", help="To compute in; auto: the weights' own, or what the CPU does faster."),
    ] = Dtype.auto,
    page_size: PageSize = 64,
    rope: Annotated[
        str | None, typer.Option("--rope", help="Longer than trained: yarn:4, linear:64k, ntk:2, truncated.")
    ] = None,
    retriever: Annotated[Path | None, typer.Option("--retriever", help="Of catena train-retriever.")] = None,
) -> None:
    """Serve a local model over the OpenAI protocol; a document is read once and kept in KV pages.

    Llama, Mistral, Qwen2 and Qwen3 models. A GGUF file is turned into a folder once.
    """
    from catena.local.engine_choice import check_packages

    check_packages()
    import secrets

    from catena.kv.engine.model_loading import load_model
    from catena.kv.engine.rope_scaling import parse_rope_scaling
    from catena.kv.server.serve import make_engine, serve
    from catena.settings import load_settings

    keys = read_keys(api_key_file) if api_key_file else ()
    check_address(host, keys)
    start_key = "" if keys or no_key else secrets.token_urlsafe(32)
    at = listen(host, port)
    settings = load_settings()
    found, name = _found(model, settings)
    scaling = parse_rope_scaling(rope) if rope else None
    local = load_model(found, name=name, device=device, dtype=dtype.value, scaling=scaling)
    folder = store or settings.home / "kv"
    max_bytes = None if store_gib is None else round(store_gib * 2**30)
    engine = make_engine(
        local,
        folder,
        page_size=page_size,
        max_store_bytes=max_bytes,
        max_pool_bytes=round(pool_gib * 2**30),
        retriever=retriever,
        is_fp8=fp8,
        max_device_bytes=0 if device == "cpu" else round(device_gib * 2**30),
    )
    computed = str(local.spec.dtype).removeprefix("torch.")
    at_once = f"{local.name} ({computed}) at {address(host, port)}/v1"
    say(f"{at_once}, KV caches in {folder}. Ctrl-C stops it.", is_error=True)
    if start_key:
        say(f"Its key until then: export OPENAI_API_KEY={start_key}", is_error=True)
    serve(engine, at, keys=keys, start_key=start_key)


def train_retriever(
    model: Annotated[str, typer.Option("--model", help=_SOURCES)],
    text: Annotated[list[Path], typer.Option("--text", help="A text file to learn from; may be repeated.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("retriever.safetensors"),
    tokens: Annotated[int, typer.Option("--tokens", min=64, help="Tokens of one step.")] = 1024,
    page_size: PageSize = 64,
) -> None:
    """Train a retriever of KV pages on any text, by the model's own attention; for the policy `retro`."""
    from catena.local.engine_choice import check_packages

    check_packages()
    from catena.kv.engine.model_loading import load_model
    from catena.kv.engine.retriever_training import cut_texts
    from catena.kv.engine.retriever_training import train_retriever as train
    from catena.settings import load_settings

    found, name = _found(model, load_settings())
    local = load_model(found, name=name)
    texts = cut_texts(local.tokenizer, [path.read_text(encoding="utf-8") for path in text], tokens)
    if not texts:
        raise OptionError(
            f"The texts have less than {tokens} tokens.", "Give more text, or a smaller --tokens."
        )

    def show(step: int, loss: float) -> None:
        if step % 25 == 0 or step == len(texts):
            say(f"{step} of {len(texts)} steps, loss {loss:.3f}", is_error=True)

    train(local.model, texts, page_size=page_size, fingerprint=local.fingerprint, on_step=show).save(out)
    say(f"Wrote {out}. Serve it: catena serve-model {model} --retriever {out} --page-size {page_size}")


def _found(model: str, settings: Settings) -> tuple[str, str]:
    """The folder or the hub's name of a model, and what to call it; a GGUF file is turned into a folder."""
    from catena.kv.gguf.model_source import find_source
    from catena.local.stored_models import shelf_of

    with Conversion(model) as shown:
        return find_source(model, shelf_of(settings), shown.on_start, shown.on_bytes)


class Conversion(ExitStack):
    """The bar of a GGUF file that is turned into a folder; none where one is there already."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._bar: FetchProgress | None = None

    def on_start(self, num_bytes: int, folder: Path) -> None:
        """Say what will be written, and where."""
        from catena.app.cli.progress_bars import FetchProgress
        from catena.local.memory_fit import gigabytes

        say(f"{self._name} becomes a folder of {gigabytes(num_bytes)} in {folder}, once.", is_error=True)
        self._bar = self.enter_context(FetchProgress("Converting", num_bytes))

    def on_bytes(self, num_done: int) -> None:
        if self._bar is not None:
            self._bar.on_bytes(num_done)
