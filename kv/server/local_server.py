"""The process that serves a model's copy in bfloat16: `python -m catena.kv.server.local_server FOLDER NAME`.

Documents can be read once here as by `catena serve-model`; their KV pages lie beside the models.
"""

from __future__ import annotations

import threading

from catena.listening_socket import listen
from catena.local.imported_models import ImportedModels
from catena.local.server_process import Work, run
from catena.local.server_record import EngineKind

KV_PAGES = ".kv-pages"


class KVPageServer:
    """The server of KV pages, a thread of this process."""

    kind: EngineKind = "kv"

    def __init__(self, work: Work) -> None:
        import torch
        import uvicorn

        # PyTorch's threads must begin behind the fork that left whoever asked.
        from catena.kv.engine.model_loading import load_model
        from catena.kv.server.http_server import create_app
        from catena.kv.server.serve import make_engine

        torch.set_num_threads(work.threads)
        model = work.model
        copies = ImportedModels(work.shelf.folder).folder
        local = load_model(model.path.parent if model.is_folder else copies / model.sha256, name=model.name)
        self._engine = make_engine(local, work.shelf.folder / KV_PAGES)
        at = listen("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{at.getsockname()[1]}"
        app = create_app(self._engine, start_key=work.key)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [at]}, daemon=True)
        self._thread.start()

    def lives_for(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return self._thread.is_alive() and self._engine.is_alive

    def end(self) -> None:
        self._server.should_exit = True
        self._engine.close()


if __name__ == "__main__":
    run(KVPageServer)
