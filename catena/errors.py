"""Every error that Catena raises on purpose.

CatenaError
├── DocumentError      a file that cannot be read; `reason` says which kind of trouble
├── LibraryError       the library folder
│   ├── DocumentNotFound
│   ├── AmbiguousDocument
│   ├── CollectionNotFound
│   ├── LibraryCorrupt
│   │   └── Damage         a part of it that is not as it was written
│   ├── LibraryFull        no room on its disk for what is to be kept
│   └── LibraryTooNew
├── OptionError        a setting or an argument that makes no sense
│   ├── RunNotFound        no run or conversation of that name is kept
│   └── RunBusy            another works on the run, or as many questions as may are under way
├── MissingExtra       an optional package is not installed
├── ModelError         a language model or the way to it
│   ├── ModelRefused       wrong key, unknown model, a request that it does not take
│   ├── ModelBusy          too many requests
│   ├── ModelUnreachable   no connection, a server error, a reply that nobody can read
│   ├── ModelTimeout       no reply within the time allowed
│   ├── ModelSilent        a reply without text
│   └── ModelUnsupported   a local model that cannot be read in KV pages
├── BatchError         a part of a batch that could not be finished
├── StoreError         a kept KV cache that is damaged, or was made by another model
├── VectorStoreError   a vector store in place of the library's own that fails
└── Stopped            a cap was reached, or somebody cancelled
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from catena.redaction import without_known_secrets

DamagedPart = Literal[
    "page",
    "words",
    "passages",
    "vectors",
    "search index",
    "outline",
    "figures",
    "entry",
    "place",
    "list of documents",
    "word index",
    "kept answer",
    "kept vote",
    "record of tags and collections",
    "list of collections",
]
FailureReason = Literal[
    "not_a_document",
    "wrong_type",
    "unsupported",
    "needs_password",
    "damaged",
    "too_big",
    "changing",
    "unreachable",
    "not_allowed",
    "timeout",
    "out_of_memory",
    "crashed",
    "no_text",
]


@dataclass(frozen=True, slots=True)
class Usage:
    """Of calls that were made; `cached` is how many more were served from the library, at no cost.

    `cost_usd` is None where the price of one of the models is not known.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    cached: int = 0

    @property
    def num_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


DISTRIBUTION = "catena-qa"
"""What the package index knows this package by; `catena` there is another project's."""


def install_line(extra: str) -> str:
    """The command that installs one of our extras."""
    return f'pip install "{DISTRIBUTION}[{extra}]"'


class CatenaError(Exception):
    """`message` says what happened and to what; `remedy` what to do now; neither holds a key or a password.

    `usage`: of a question that failed, what its models took until then.
    """

    retryable: ClassVar[bool] = False
    usage: Usage = Usage()

    def __init__(self, message: str, remedy: str = "") -> None:
        message, remedy = without_known_secrets(message), without_known_secrets(remedy)
        super().__init__(f"{message.removesuffix('.')}. {remedy}".strip())
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as it is, whatever its class takes to be made: errors come back from other processes."""
        return _made_again, (type(self), self.args, self.__dict__)


def _made_again(kind: type[CatenaError], args: tuple[Any, ...], state: dict[str, Any]) -> CatenaError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class DocumentError(CatenaError):
    def __init__(self, reason: FailureReason, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.reason = reason


class LibraryError(CatenaError):
    pass


class DocumentNotFound(LibraryError):
    pass


class AmbiguousDocument(LibraryError):
    pass


class CollectionNotFound(LibraryError):
    pass


class LibraryCorrupt(LibraryError):
    pass


class Damage(LibraryCorrupt):
    """A row that its checksum does not fit, or that is gone; `document_id` and `page` say whose, `key` which.

    The library mends it where it can (`catena/healing.py`), and asks again.
    """

    def __init__(
        self, part: DamagedPart, document_id: str = "", *, page: int | None = None, key: int | None = None
    ) -> None:
        what = f"The {part}"
        if page is not None:
            what = f"Page {page}" if part == "page" else f"The {part} of page {page}"
        if document_id:
            what += f" of the document {document_id[:12]}"
        super().__init__(f"{what} was damaged on the disk.", "Run: catena doctor --repair")
        self.part: DamagedPart = part
        self.document_id = document_id
        self.page = page
        self.key = key
        self.seen_at = time.monotonic()


class LibraryFull(LibraryError):
    pass


class LibraryTooNew(LibraryError):
    pass


class OptionError(CatenaError):
    pass


class RunNotFound(OptionError):
    pass


class RunBusy(OptionError):
    retryable = True


class MissingExtra(CatenaError):
    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed.", f"Install it: {install_line(extra)}")


class ModelError(CatenaError):
    retry_after: float | None = None
    """Seconds after which the server wants to be asked again, if it said so."""


class ModelRefused(ModelError):
    pass


class ModelBusy(ModelError):
    retryable = True


class ModelUnreachable(ModelError):
    retryable = True


class ModelTimeout(ModelError):
    retryable = True


class ModelSilent(ModelError):
    pass


class ModelUnsupported(ModelError):
    pass


class BatchError(CatenaError):
    pass


class StoreError(CatenaError):
    pass


class VectorStoreError(CatenaError):
    retryable = True


class Stopped(CatenaError):
    pass
