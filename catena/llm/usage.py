"""Usage of the calls of one question, per role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from catena.llm.protocol import LLM, Completion, Message, OnText
from catena.llm.wrappers import LLMWrapper
from catena.telemetry import span
from catena.types import RoleUsage, Usage


@dataclass(slots=True)
class Meter:
    """Sums usage of one question over all its models; `notices` are lines that the answer must carry."""

    _roles: dict[tuple[str, str], Usage] = field(default_factory=dict)
    _notices: dict[str, None] = field(default_factory=dict)
    earlier: Usage = Usage()
    """What was used before the run was interrupted."""

    def add(self, role: str, done: Completion) -> None:
        """Count one reply. What the cache served is counted, but took no tokens."""
        key = (role, done.who)
        made = Usage(1, done.prompt_tokens, done.completion_tokens, done.cost_usd)
        one = Usage(cached=1) if done.is_cached else made
        self._roles[key] = total((self._roles.get(key, Usage()), one))
        if done.notice:
            self._notices[done.notice] = None

    @property
    def usage(self) -> Usage:
        return total(self._roles.values())

    @property
    def roles(self) -> tuple[RoleUsage, ...]:
        """In the order of their first calls."""
        return tuple(RoleUsage(role, model, usage) for (role, model), usage in self._roles.items())

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(self._notices)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the state of a run that may be resumed."""
        roles = [[role, model, asdict(usage)] for (role, model), usage in self._roles.items()]
        return {"roles": roles, "notices": list(self._notices)}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Go on from what a run had used before it was interrupted."""
        self._roles, self._notices = {}, {}
        self.include(data)
        self.earlier = self.usage

    def include(self, data: Mapping[str, Any]) -> None:
        """Add what another meter read."""
        for role, model, usage in data["roles"]:
            self._roles[role, model] = total((self._roles.get((role, model), Usage()), Usage(**usage)))
        self._notices |= dict.fromkeys(data["notices"])


class MeteredLLM(LLMWrapper):
    def __init__(self, llm: LLM, meter: Meter) -> None:
        super().__init__(llm)
        self._meter = meter

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        with span("chat", {"gen_ai.operation.name": "chat", "catena.role": role}) as note:
            done = await self._llm.complete(messages, max_tokens=max_tokens, role=role, on_text=on_text)
            note(
                {
                    "gen_ai.request.model": done.who,
                    "gen_ai.usage.input_tokens": done.prompt_tokens,
                    "gen_ai.usage.output_tokens": done.completion_tokens,
                    "catena.cost_usd": done.cost_usd,
                    "catena.is_cached": done.is_cached,
                }
            )
        self._meter.add(role, done)
        return done


def total(usages: Iterable[Usage]) -> Usage:
    """The sum; its cost is not known where one of them is not."""
    calls = cached = read = written = 0
    cost: float | None = 0.0
    for one in usages:
        calls, cached = calls + one.calls, cached + one.cached
        read, written = read + one.prompt_tokens, written + one.completion_tokens
        cost = None if cost is None or one.cost_usd is None else cost + one.cost_usd
    return Usage(calls, read, written, cost, cached)
