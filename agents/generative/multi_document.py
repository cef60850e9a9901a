"""A question about several documents: each is read on its own, then one answer is written that names them."""

from __future__ import annotations

from collections.abc import Sequence

from catena.agents.citations.attribution import Numbered
from catena.agents.document_view import DocumentView
from catena.agents.generative import ledger
from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import NOT_FOUND
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.llm.protocol import Message, chat, num_tokens
from catena.types import Fact


def findings(
    drafts: Sequence[tuple[str, Draft]], view: DocumentView, budget: int
) -> tuple[str, list[tuple[int, DraftStatement]]]:
    """Return the findings in each document as the last prompt shows them, and with their numbers.

    Of each document as many as fit its share of the budget of tokens, from the first on.
    """
    found: list[tuple[int, DraftStatement]] = []
    parts: list[str] = []
    for document_id, draft in drafts:
        lines = [as_data(f"Document: {view.document(document_id).title}")]
        if not draft.statements:
            lines.append(as_data("(its reader found nothing)"))
        left = budget // len(drafts) - num_tokens(f"{lines[0]}\n\n")
        for statement in draft.statements:
            line = f"[{len(found) + 1}]\n{as_data(statement.text)}"
            left -= num_tokens(f"{line}\n")
            if left < 0:
                break
            found.append((len(found) + 1, statement))
            lines.append(line)
        parts.append("\n".join(lines))
    return "\n\n".join(parts), found


def left_out(drafts: Sequence[tuple[str, Draft]], num_shown: int) -> list[str]:
    """A warning where findings did not fit the last prompt."""
    num = sum(len(draft.statements) for _, draft in drafts)
    missing = f"{num - num_shown} of {num} findings did not fit the last prompt and were not shown."
    return [missing] if num_shown < num else []


def sentences(found: Sequence[tuple[int, DraftStatement]]) -> list[Numbered]:
    """The sentences that findings rest on, under the findings' numbers."""
    facts = [Fact(number, one.text, evidence) for number, one in found for evidence in one.evidence]
    return ledger.sentences(facts)


def messages(question: Question, shown: str, form: str) -> list[Message]:
    """The prompt of the last answer."""
    user = render("synthesis", findings=shown, question=" ".join(question.text.split()))
    return chat(render("synthesis_system", form=form, not_found=NOT_FOUND), user)
