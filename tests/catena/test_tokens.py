"""The estimate of tokens is never below what a real tokenizer makes of a text, whatever its script."""

from __future__ import annotations

import random

import pytest

from catena.llm import litellm_catalogue
from catena.llm.protocol import head, num_tokens

SAID = {
    "English": "Don’t panic — “the answer” is 42 in § 4.2, p. 17 … of 1 000 000 €.",
    "German": "Über die Größe der Füße weiß niemand mehr als der Schuster.",
    "Polish": "Zażółć gęślą jaźń, powiedział źrebak świerszczowi.",
    "Vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
    "Turkish": "İnsanlar özgür doğar; şüphesiz öğüt çığ gibi büyür.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "Russian": "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Hebrew": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "Arabic": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "Armenian": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ:",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।",
    "Tamil": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.",
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "Georgian": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა.",
    "Amharic": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",
    "Chinese": "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "Traditional": "人人生而自由,在尊嚴和權利上一律平等。他們賦有理性和良心,並應以兄弟關係的精神相對待。",
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "Symbols": "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋ ≤ √x ± ∞ → ⅓ × ② ✓ ☎",
    "Emoji": "👩‍👩‍👧‍👧 🎉🇩🇪 👍🏽",
    "Mathematical": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝑥² + 𝑦² ﬁnancial ﬂow",
}


def cl100k(text: str) -> int:
    return len(litellm_catalogue.load().encoding.encode(text))


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2009", "\u3000", " \n", "  "])
@pytest.mark.parametrize("language", SAID)
def test_no_script_and_no_kind_of_space_is_counted_too_low(language: str, space: str) -> None:
    text = SAID[language].replace(" ", space)
    assert num_tokens(text) >= cl100k(text)


@pytest.mark.parametrize("seed", range(20))
def test_words_of_all_scripts_in_any_order_are_not_counted_too_low(seed: int) -> None:
    drawn = random.Random(seed)
    words = [word for sentence in SAID.values() for word in sentence.split()]
    text = "".join(drawn.choice(words) + drawn.choice(" \u00a0\n\u2009") for _ in range(60))
    assert num_tokens(text) >= cl100k(text)


def test_english_is_not_counted_twice() -> None:
    text = "The whale sang in the north, and many heard her from the shore. " * 20
    assert num_tokens(text) < 1.6 * cl100k(text)


@pytest.mark.parametrize("language", ["English", "Chinese", "Emoji"])
def test_the_head_of_a_text_has_as_many_tokens_as_it_may(language: str) -> None:
    cut = head(SAID[language], 12)
    assert SAID[language].startswith(cut) and num_tokens(cut) <= 12 < num_tokens(cut) + 5
