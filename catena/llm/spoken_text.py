"""Text of a model's reply without thoughts, special tokens and turns of others, whole or as it comes.

Every reply in every role goes through `spoken`, so that no thought is believed or shown. Thoughts are known by the
names of their tags, in whatever brackets, and by what a server left of them: a closing tag alone, channels' names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from catena.llm.protocol import OnText

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_STEM = r"(?:think|thought|reason|reflect|scratch_?pad|monologue|deliberat|inner_prefix|inner_suffix)"
_NAME = rf"[a-z_:]{{0,24}}{_STEM}[a-z_]{{0,16}}"
_TAG = re.compile(
    rf"(?i:[<＜◁]\s?(?P<slash>[/／]?)[|｜]?(?P<name>{_NAME})(?:\s[^<>\n]{{0,60}})?[|｜/]?\s?[>＞▷])"
    r"|\[(?P<square_slash>/?)(?P<square>THINK|THINKING|THOUGHTS?|REASONING)\]"
)
_PAIRED = re.compile(rf"[<＜◁]\s?{_NAME}[>＞▷]\Z", re.I)
_ENDS = re.compile(r"^end[_:]|_end$|^inner_suffix", re.I)
_CHANNEL = re.compile(
    r"<\|channel\|?>[ \t]*(?P<name>\w*)[^<\n]{0,60}(?:<\|message\|>|\n|(?=<))(?P<text>.*?)"
    r"(?=<\|(?:end|return|call|start|channel)\|?>|<channel\|>|<\|channel>|\Z)",
    re.S,
)
"""Harmony, and what is like it: `<|channel|>final<|message|>…<|return|>`."""
_HEADER = re.compile(r"<\|start\|>\w*")
_BARE_CHANNEL = re.compile(r"\A\s*(?:analysis|commentary)(?=[A-Z\"'“(\[])")
"""The same from a server that took the tokens away and left the names."""
_GRANITE = re.compile(
    r"\A\s*Here(?:['’]s| is) my thought process:.*?(?:Here(?:['’]s| is) my response:|\Z)", re.S
)
"""As Granite 3.2's template has it."""
_TOKEN = (
    r"(?:<[|｜][^<>|｜\n]{1,60}[|｜]>|<\|[a-z_]{1,24}>|<[a-z_]{1,24}\|>|</?s>|<(?:eos|bos|pad|eot|unk|eod)>"
    r"|<(?:start|end)_of_\w{1,12}>|\[/?INST\]|<</?SYS>>|<unused\d+>)"
)
_SPECIAL = re.compile(_TOKEN, re.I)
_LEAD = re.compile(rf"\A(?:\s*{_TOKEN}\s*(?:(?:assistant|model|bot)\b:?\s*)?)+", re.I)
_KEEPS_ON = re.compile(r"box|solution|response|answer|final|message|channel|bos|unk|pad", re.I)
"""Names of tokens that stand around an answer, not behind it."""
_TURN = re.compile(
    r"\n[ \t]*(?:#+[ \t]*)?(?:user|human|instruction)[ \t]*:(?=.*(?:[?？]|\n[^:\n]{0,20}:))", re.I | re.S
)
"""The next turn that a model makes up, by the roles of chat templates: it asks, or goes on with a label."""
_ASKED_FORM = re.compile(
    r"\s*[*_#>]{0,4}[^\W\d_]{2,20}[*_ \t]*[:：][*_ \t\n]*(?:[\[【(［（{]|\d|none\b)", re.I
)
"""What the prompts ask for, and what no thought begins with: a label, then numbers."""
MAX_TEXT = 200_000
"""Characters of a reply that are read: ten times what its tokens hold. A server may send what it likes."""
MAX_PASSES = 20
"""Thoughts within cut tags of thoughts that are taken out; a reply that holds more says nothing."""
_NEAR = 200
"""Characters around a tag that tell whether it is mentioned: more than the longest tag beside it."""
LEAST_SURE = 20
"""Characters after which it is seen how a reply begins."""
_MUSES = re.compile(
    r"\b(?:okay|ok|hmm?|alright|wait|maybe|perhaps|actually|the user|the question|passages?|let me|let's|let us"
    r"|i (?:need|should|will|have|must|think|see|am)|i'm|i'll|we (?:need|must|have|should|are|can)|looking at"
    r"|nutzer|frage|utilisateur|usuario|pregunta|utente|domanda|пользовател\w*|вопрос\w*)\b"
    r"|用户|用戶|问题|問題|我需要|首先|让我|嗯|ユーザー|質問|사용자|질문",
    re.IGNORECASE,
)
"""As reasoning models begin to think (samples of DeepSeek-R1, arXiv 2501.12948, and s1, 2501.19393): of who asks."""
_OPENS = re.compile(r"[<＜◁\[](?=[^<>＜＞◁▷\[\]\n]{0,90}\Z)")
"""A tag that is not whole yet."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """`text` is what was said. `is_thinking`: the reply ends inside of a thought; `has_thought`: there was one."""

    text: str
    is_thinking: bool = False
    has_thought: bool = False
    is_unopened: bool = False
    """A thought ended that no tag had begun."""
    num_open: int = 0
    """Tags that began a thought and were not closed, one in the other."""


def spoken(reply: str) -> Spoken:
    """Return what a reply says aloud; done twice it changes nothing."""
    heard = _heard(legible(reply[:MAX_TEXT]))
    for _ in range(MAX_PASSES):
        again = _heard(heard.text)
        if again.text == heard.text:
            return heard
        heard = replace(heard, text=again.text, has_thought=heard.has_thought or again.has_thought)
    return replace(heard, text="")


def _heard(reply: str) -> Spoken:
    channels = _without_channels(reply)
    heard = _without_thoughts(channels)
    has_thought = heard.has_thought or channels != reply
    is_thinking = heard.is_thinking or (channels != reply and not channels.strip())
    text = _turn(heard.text).strip()
    return Spoken(text, is_thinking, has_thought, heard.is_unopened, heard.num_open)


def asked_form(text: str) -> bool:
    """Tell whether a reply begins as the prompts ask: no thought does."""
    return bool(_ASKED_FORM.match(text))


def may_muse(text: str) -> bool:
    """Tell whether a reply may be a thought: it is short yet, or speaks of the task and not of the document."""
    return len(text) < LEAST_SURE or bool(_MUSES.search(text))


def legible(text: str) -> str:
    """Without what no text holds: half of a surrogate pair, control codes, marks that turn the line round."""
    return _UNSEEN.sub("", _SURROGATE.sub("\ufffd", text))


def _without_channels(reply: str) -> str:
    """Text in the channel `final` and in none, where there are channels."""
    if _BARE_CHANNEL.match(reply):
        ends = [one.end() for one in re.finditer(r"assistant(?:final|response)(?=\S)", reply)]
        return reply[ends[-1] :] if ends else ""
    found = list(_CHANNEL.finditer(reply))
    if not found:
        return _GRANITE.sub("", reply)
    said = "".join(one["text"] for one in found if one["name"].casefold() in ("final", "response", "answer"))
    return said or _HEADER.sub("", _CHANNEL.sub("", reply))


def _without_thoughts(reply: str) -> Spoken:
    """All but what stands between tags of thoughts; before a closing tag that nothing opened, all is thought."""
    kept: list[str] = []
    at, is_open, has_thought, is_unopened, num_open = 0, False, False, False, 0
    for tag in _TAG.finditer(reply):
        if _is_mentioned(reply, tag):
            continue
        has_thought = True
        num_open = max(0, num_open - 1) if _closes(tag) else num_open + 1
        if _closes(tag):
            is_unopened |= not is_open
            kept = kept if is_open else []
            at, is_open = tag.end(), False
        elif not is_open:
            kept.append(f"{reply[at : tag.start()]}\n")
            is_open = True
    text = "".join(kept if is_open else [*kept, reply[at:]])
    return Spoken(text, is_open, has_thought, is_unopened, num_open)


def _closes(tag: re.Match[str]) -> bool:
    name = tag["name"] or ""
    return bool(tag["slash"] or tag["square_slash"] or _ENDS.search(name))


def _is_mentioned(reply: str, tag: re.Match[str]) -> bool:
    """Tell whether a tag is mentioned, as in "the tags <think> and </think> are removed": quoted, or among words."""
    before = reply[max(0, tag.start() - _NEAR) : tag.start()].rstrip(" ")
    after = reply[tag.end() : tag.end() + _NEAR]
    if "|" in tag.group():
        return False
    other = _TAG.match(after)
    if other and not _closes(tag) and _closes(other):  # the pair is one word
        after = after[other.end() - other.start() :]
    elif _closes(tag) and (pair := _PAIRED.search(before)):
        before = before[: pair.start()].rstrip(" ")
    if not before.strip():
        return False
    if before[-1] in "`'\"“‘«" and after[:1] and after[0] in "`'\"”’»":
        return True
    word = after.lstrip(" ")[:1]
    goes_on = (
        (after[:1] == " " and word.islower()) or after[:1] in (",", ";", ":", ")") or after[:2] in (". ", ".")
    )
    return (before[-1].isalnum() or before[-1] == ",") and goes_on


def _turn(text: str) -> str:
    """The model's own turn: tokens before it go, and with the one that ends it all that follows."""
    text = _LEAD.sub("", text)
    has_struck, begins = _has_struck(text), len(text) - len(text.lstrip())
    for token in _SPECIAL.finditer(text):
        is_struck = has_struck and token.group().lower() in ("<s>", "</s>")
        if not (is_struck or _KEEPS_ON.search(token.group())) and token.start() > begins:
            text = text[: token.start()]
            break
    text = text if _has_struck(text) else _SPECIAL.sub("", text)
    return _TURN.split(text, maxsplit=1)[0] if text.strip() else text


def _has_struck(text: str) -> bool:
    """Tell whether a text is struck out somewhere, by HTML's <s> and </s>, which are tokens elsewhere."""
    folded = text.lower()
    return -1 < folded.find("<s>") < folded.rfind("</s>")


class SpokenText:
    """Hands on what is said aloud as it comes (`OnText`), and holds back what may still turn out to be a thought.

    A reply that begins as the prompts ask is handed on at once, and so is one behind its thought. Another one is held
    where it muses, as thoughts do, and always where the model is known for thoughts that no tag begins (`is_held`);
    not where it is known to answer without (`is_plain`). Where such a thought ends after all, what was handed on is
    taken back.
    """

    def __init__(self, on_text: OnText, *, is_plain: bool = False, is_held: bool = False) -> None:
        self._on_text = on_text
        self._is_plain, self._is_held = is_plain, is_held
        self._reply = self._told = ""
        self._looked_at = 0

    @property
    def reply(self) -> str:
        """All that came."""
        return self._reply

    def feed(self, piece: str) -> None:
        self._reply += piece
        if self._looked_at > MAX_TEXT or len(self._reply) - self._looked_at <= self._looked_at // 100:
            return  # a long reply is looked at in steps, so that its length counts once
        self._looked_at = len(self._reply)
        half = _OPENS.search(self._reply)
        safe = self._reply[: half.start()] if half else self._reply
        heard = spoken(safe)
        is_sure = self._is_plain or (heard.has_thought and not heard.num_open) or asked_form(heard.text)
        is_sure = is_sure or not (self._is_held or heard.has_thought or may_muse(heard.text))
        if is_sure and not (_is_channel(safe) and not heard.text):
            self._tell(heard.text)

    def end(self) -> Spoken:
        """Hand on the rest."""
        heard = spoken(self._reply)
        self._tell(heard.text)
        return heard

    def _tell(self, text: str) -> None:
        if not text.startswith(self._told):
            self._on_text("")
            self._told = ""
        if len(text) > len(self._told):
            self._on_text(text[len(self._told) :])
            self._told = text


def _is_channel(text: str) -> bool:
    return bool(_CHANNEL.search(text) or _BARE_CHANNEL.match(text))
