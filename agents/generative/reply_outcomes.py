"""What becomes of a model's reply: statements with what they rest on, a refusal, or an error that says why not."""

from __future__ import annotations

from collections.abc import Sequence

from catena.agents.citations.attribution import Attributor, Numbered
from catena.agents.citations.statement_language import is_other_language
from catena.agents.citations.support_check import support
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.reply_parser import Claim, Reply, plain, read_reply
from catena.agents.reasoner import Draft, DraftStatement
from catena.errors import ModelSilent
from catena.llm.protocol import Completion
from catena.retrieval.embedder import Embedder

MAX_QUOTED = 200
"""Characters of what a model said that would not answer."""
MORE_TOKENS = "Raise CATENA_MAX_REPLY_TOKENS (--max-reply-tokens)."
OTHER_LANGUAGE = (
    "The answer is in another language than the document, so code could not check it against the quotes. "
    "Ask in the document's language, or let a model check: --check model."
)


def read(done: Completion, name: str, numbers: Sequence[int], source: str) -> Reply:
    """Take a reply apart; `source` is what was shown. Raises ModelSilent where it says nothing."""
    reply = read_reply(done.text, numbers, source)
    if not (reply.claims or reply.denies or reply.declines):
        raise silent(done, name)
    return reply


def grounded(
    claims: Sequence[Claim],
    sentences: Sequence[Numbered],
    embedder: Embedder,
    listed: Sequence[int] = (),
) -> tuple[DraftStatement, ...]:
    """Each sentence of a reply with what it rests on; `listed` are the passages named for all of them.

    A sentence in another language than the text keeps the passage that it names, unchecked: code compares words.
    """
    ground = Attributor(sentences, embedder)
    source = " ".join(one.candidate.text for one in sentences)
    is_other = is_other_language(" ".join(claim.text for claim in claims), source)

    def stated(claim: Claim) -> DraftStatement:
        evidence = ground.find(claim.text, claim.numbers)
        if not (is_other or is_other_language(claim.text, source)):
            return DraftStatement(claim.text, evidence)
        if evidence and support(claim.text, [one.text for one in evidence]) == "supported":
            return DraftStatement(claim.text, evidence)
        return DraftStatement(claim.text, ground.named(claim.text, claim.numbers or listed), "unchecked")

    return tuple(stated(claim) for claim in claims)


def unchecked_notice(statements: Sequence[DraftStatement]) -> tuple[str, ...]:
    """Return the notice of an answer in another language than its document."""
    return (OTHER_LANGUAGE,) if any(one.support == "unchecked" for one in statements) else ()


def silent(done: Completion, name: str) -> ModelSilent:
    """The error for a reply that holds no answer; says where it used up its tokens."""
    if done.is_cut:
        return ModelSilent(
            f"{name} wrote no answer within its {done.completion_tokens:,} reply tokens.", MORE_TOKENS
        )
    return ModelSilent(f"{name} wrote no answer.", "Ask again, or take another model.")


def declined(done: Completion, name: str) -> Draft:
    """Return what is left of a reply by which a model will not answer."""
    said = " ".join(plain(done.text).split())
    shown = f"{said[:MAX_QUOTED]}…" if len(said) > MAX_QUOTED else said
    return Draft(
        (), is_refusal=True, warnings=(f"{name} declined to answer: “{neutral(shown)}”",), model=done.who
    )


def cut_short(done: Completion, name: str) -> str:
    """The warning for a reply that stopped where it may end."""
    return f"{name} was cut short at {done.completion_tokens:,} reply tokens. {MORE_TOKENS}"
