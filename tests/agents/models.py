"""A model in memory that answers by role, for the tests of what is asked of it and what is made of its replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from catena.llm.protocol import Completion, Message, OnText

Reply = str | Callable[[str], str]


class ByRole:
    """`replies` by role, texts or functions of the user's message; `asked` keeps role and message of each call."""

    name = "test/by-role"

    def __init__(self, replies: Mapping[str, Reply], window: int = 8192) -> None:
        self.replies, self.size = replies, window
        self.asked: list[tuple[str, str]] = []

    async def window(self) -> int:
        return self.size

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        self.asked.append((role, messages[-1]["content"]))
        reply = self.replies[role]
        text = reply if isinstance(reply, str) else reply(messages[-1]["content"])
        for start in range(0, len(text), 7) if on_text else ():
            assert on_text
            on_text(text[start : start + 7])
        return Completion(text, self.name, asked=self.name)

    def prompts(self, role: str) -> list[str]:
        return [prompt for one, prompt in self.asked if one == role]


class Kept(dict[str, str]):
    """A store of texts by key."""

    def get_call(self, key: str) -> str | None:
        return self.get(key)

    def put_call(self, key: str, response: str, document_ids: Iterable[str]) -> None:
        self[key] = response
