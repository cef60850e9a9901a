"""The one thread that has the model: it reads documents and writes answers, a step of each in turn."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from catena.errors import CatenaError, ModelBusy, ModelUnreachable
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.document_registry import DocumentRegistry
from catena.kv.engine.generation import Detokenizer, Row, extend, step
from catena.kv.engine.last_prompt import LastPrompt
from catena.kv.engine.model_loading import LocalModel
from catena.kv.engine.prefill import CHUNK
from catena.kv.engine.question_session import Session
from catena.kv.engine.sampling import Place, Sampling, place_of, sample
from catena.kv.engine.static_decoder import StaticRow, StaticRows
from catena.kv.engine.transformers_hooks import TailCache
from catena.kv.policies.page_selection import PolicyInputs
from catena.kv.policies.policy import Policy

_log = logging.getLogger(__name__)
MAX_ROWS = 8
MAX_FAILED_TURNS = 100
"""One behind the other, after which the engine is broken and says so."""
FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Question behind a document: `token_ids` (T); `key` and `document` say which, None asks of none."""

    token_ids: Tensor
    policy: Policy
    key: str = ""
    document: DocumentKV | None = None
    sampling: Sampling = Sampling()
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    wants_mass: bool = False
    num_alternatives: int = 0
    """Tokens whose chances are told for each place of the answer."""
    owner: str = ""
    """Whoever asks; what was read for one serves no other."""


@dataclass(frozen=True, slots=True)
class AnswerUsage:
    """Answer of the engine and its cost; `mass` is the attention on each KV page (P) when it was asked for."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    pages_selected: int
    bytes_selected: int
    bytes_loaded: int
    seconds_to_first: float
    mass: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """New text; the last piece has a reason and the use, or an error. `places`: of the tokens since the last piece."""

    text: str = ""
    finish: FinishReason | None = None
    use: AnswerUsage | None = None
    error: CatenaError | None = None
    places: tuple[Place, ...] = ()


OnPiece = Callable[[Piece], None]


@dataclass(slots=True, eq=False)
class Job:
    """A prompt on its way through the engine. `cancel()` ends it at the next token."""

    prompt: Prompt
    on_piece: OnPiece
    detokenizer: Detokenizer
    random: torch.Generator
    asked_at: float = field(default_factory=time.monotonic)
    first_at: float = 0.0
    row: Row | StaticRow | None = None
    num_reused: int = 0
    """Tokens of the prompt that were read for the one before."""
    places: list[Place] = field(default_factory=list)
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Engine:
    """`max_rows` answers are written together, `max_waiting` more may wait. `static` rows, where given, come first."""

    def __init__(
        self,
        local: LocalModel,
        registry: DocumentRegistry,
        *,
        max_rows: int = MAX_ROWS,
        max_waiting: int = 64,
        static: StaticRows | None = None,
    ) -> None:
        self.local = local
        self.registry = registry
        self._static = static
        self._max_rows = max_rows
        self._max_waiting = max_waiting
        self._waiting: deque[Job] = deque()
        self._active: list[Job] = []
        self._last = LastPrompt(local.spec.num_layers)
        self._wake = threading.Condition()
        self._is_closing = self._is_broken = False
        self._thread = threading.Thread(target=self._run, name="catena-engine", daemon=True)
        self._thread.start()

    @property
    def num_active(self) -> int:
        return len(self._active)

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive() and not self._is_broken

    def submit(self, prompt: Prompt, on_piece: OnPiece) -> Job:
        """Queue a prompt; `on_piece` is called in the engine's thread.

        Raises ModelBusy when too many wait, ModelUnreachable when the engine broke.
        """
        detokenizer = Detokenizer(self.local.tokenizer, prompt.stop)
        job = Job(prompt, on_piece, detokenizer, prompt.sampling.generator())
        with self._wake:
            if not self.is_alive:
                raise ModelUnreachable("The engine has stopped.", "Start the server again; its log says why.")
            if len(self._waiting) >= self._max_waiting:
                raise ModelBusy("Too many questions wait already.", "Ask again in a few seconds.")
            self._waiting.append(job)
            self._wake.notify()
        return job

    def wake(self) -> None:
        """Say that there is a document to read, or one that was deleted."""
        with self._wake:
            self._wake.notify()

    def close(self) -> None:
        """End the thread; answers that are being written are cancelled."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join()
        self.registry.pool.close()

    def _run(self) -> None:
        num_failed = 0
        while True:
            with self._wake:
                while not (self._is_closing or self._has_work):
                    self._wake.wait()
                if self._is_closing:
                    break
            num_failed = 0 if self._turn() else num_failed + 1
            if num_failed == MAX_FAILED_TURNS:
                self._is_broken = True
                break
        self._end_all(ModelUnreachable("The server is closing.", "Ask again."))

    @property
    def _has_work(self) -> bool:
        return bool(self._waiting or self._active or self.registry.has_work or self._closed)

    @property
    def _closed(self) -> Sequence[DocumentKV]:
        """Return the documents on the device that are open no more, deleted ones among them."""
        return self._static.others(self.registry.opened) if self._static else ()

    def _turn(self) -> bool:
        """A step of everything there is to do; say whether all went well. A fault ends answers, not the thread."""
        is_well = True
        for part in (self._admit, self._write, self.registry.read_some, self._forget_closed):
            try:
                part()
            except Exception as error:  # the border of the one thread that has the model
                _log.exception("A step of the engine failed")
                is_well = False
                self._end_active(_failed(error))
        return is_well

    def _forget_closed(self) -> None:
        if self._static:
            for document in self._closed:
                self._static.forget(document)

    def _end_active(self, error: CatenaError) -> None:
        """End the answers that are being written: of a pass that failed nobody knows how far it came."""
        for job in list(self._active):
            with suppress(Exception):
                self._leave(job)
            _tell(job, Piece(error=error))
        self._active.clear()

    def _end_all(self, error: CatenaError) -> None:
        self._end_active(error)
        while self._waiting:
            _tell(self._waiting.popleft(), Piece(error=error))

    def _admit(self) -> None:
        """Take one waiting prompt in: its question goes through the model, and its first token is sent."""
        if not self._waiting or len(self._active) >= self._max_rows:
            return
        job = self._waiting.popleft()
        if job.is_cancelled:
            return
        try:
            job.row = self._ask(job)
        except Exception as error:  # whatever is wrong with one prompt is not wrong with the others
            _tell(job, Piece(error=_failed(error)))
            return
        self._active.append(job)
        job.first_at = time.monotonic()
        self._try_to_send(job)

    def _ask(self, job: Job) -> Row | StaticRow:
        spec, prompt = self.local.spec, job.prompt
        nothing = torch.empty(0, dtype=torch.int64)
        document = prompt.document or DocumentKV.empty(spec, nothing, page_size=1)
        if self._static and prompt.document and not prompt.wants_mass:
            fixed = self._static.ask(prompt.document, prompt.policy, prompt.token_ids, prompt.max_tokens)
            if fixed:
                return fixed
        aids = self.registry.aids(prompt.key, document, prompt.policy) if prompt.document else PolicyInputs()
        session = Session(document, prompt.policy, aids)
        if prompt.wants_mass:
            session.mass = torch.zeros(document.num_pages(0))
        tail = TailCache(spec.num_layers)
        if prompt.document is None:
            tail, job.num_reused = self._last.begin(prompt.owner, prompt.token_ids)
        row = Row(session, tail, session.start + job.num_reused, torch.empty(0))
        for part in torch.split(prompt.token_ids[job.num_reused :], CHUNK):
            extend(self.local.model, row, part)
        return row

    def _write(self) -> None:
        """Give every active row its next token, in one pass of the model."""
        for job in [job for job in self._active if job.is_cancelled]:
            self._leave(job)
        rows = [job.row for job in self._active]
        plain = [row for row in rows if isinstance(row, Row)]
        fixed = [row for row in rows if isinstance(row, StaticRow)]
        if plain:
            step(self.local.model, plain, torch.tensor([row.last for row in plain]))
        if fixed and self._static:
            self._static.step(fixed, torch.tensor([row.last for row in fixed]))
        for job in list(self._active):
            self._try_to_send(job)

    def _try_to_send(self, job: Job) -> None:
        try:
            self._send(job)
        except Exception as error:  # of this row alone
            if job in self._active:
                self._leave(job)
            _tell(job, Piece(error=_failed(error)))

    def _send(self, job: Job) -> None:
        """Choose a row's next token and send what text is certain; end the row where it ends."""
        assert job.row is not None, "an active job has a row"
        token = sample(job.row.logits, job.prompt.sampling, job.random)
        job.row.last = token
        is_end = token in self._ends
        if job.prompt.num_alternatives and not is_end:
            job.places.append(
                place_of(job.row.logits, token, job.prompt.num_alternatives, self.local.tokenizer)
            )
        text = "" if is_end else job.detokenizer.feed(token)
        is_full = job.detokenizer.num_tokens >= job.prompt.max_tokens
        if not (is_end or is_full or job.detokenizer.is_stopped):
            if text:
                _tell(job, Piece(text, places=_taken(job)))
            return
        reason: FinishReason = "stop" if is_end or job.detokenizer.is_stopped else "length"
        use = self._use(job)
        self._leave(job)
        _tell(job, Piece(text + job.detokenizer.finish(), reason, use, places=_taken(job)))

    def _leave(self, job: Job) -> None:
        assert job.row is not None, "an active job has a row"
        self._active.remove(job)
        if isinstance(job.row, Row) and job.prompt.document is None:
            self._last.keep(job.prompt.owner, job.prompt.token_ids, job.row.tail)
        job.row.end()

    def _use(self, job: Job) -> AnswerUsage:
        assert job.row is not None, "an ended job has a row"
        row, spec = job.row, self.local.spec
        document = row.document.num_tokens
        return AnswerUsage(
            prompt_tokens=document + len(job.prompt.token_ids),
            cached_tokens=document + job.num_reused,
            completion_tokens=job.detokenizer.num_tokens,
            pages_selected=row.num_pages,
            bytes_selected=row.num_keys * 2 * spec.head_dim * row.document.itemsize,
            bytes_loaded=row.bytes_loaded,
            seconds_to_first=job.first_at - job.asked_at,
            mass=row.mass,
        )

    @property
    def _ends(self) -> Sequence[int]:
        """Tokens that end an answer: the tokenizer's, and those of the model's generation config."""
        config: Any = getattr(self.local.model, "generation_config", None)
        named = getattr(config, "eos_token_id", None)
        listed = named if isinstance(named, list) else [named]
        return [token for token in (self.local.tokenizer.eos_token_id, *listed) if token is not None]


def _taken(job: Job) -> tuple[Place, ...]:
    """The places that no piece has told yet."""
    places = tuple(job.places)
    job.places.clear()
    return places


def _tell(job: Job, piece: Piece) -> None:
    """Send a piece; one that nobody is there to take ends the job."""
    try:
        job.on_piece(piece)
    except Exception:  # the other side's, such as a loop that is closed
        _log.exception("A piece could not be sent")
        job.cancel()


def _failed(error: Exception) -> CatenaError:
    """Make a failure an error of ours: PyTorch's own, out of memory included, and anything unforeseen."""
    if isinstance(error, CatenaError):
        return error
    words = str(error).partition("\n")[0] or type(error).__name__
    return ModelUnreachable(f"The model failed: {words}", "Ask again.")
