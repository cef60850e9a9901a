from __future__ import annotations

import pytest

from catena.agents.generative.reply_parser import read_reply

KNOWN = range(1, 9)


@pytest.mark.parametrize(
    "reply",
    [
        "Evidence: []\nAnswer: La respuesta no se encuentra en el documento.",
        "文中没有提到渡轮的相关信息。",
        "本文には記載がありません。",
        "제공된 문서에는 해당 정보가 없습니다.",
        "Les passages fournis ne mentionnent pas le nom du capitaine.",
        "Die Textstellen nennen keinen Kapitän, das steht nicht im Dokument.",
        "Leider enthält der Text keine Angaben dazu.",
        "Il testo non menziona il capitano.",
        "O documento não contém essa informação.",
        "De tekst bevat geen informatie over de kapitein.",
        "W dokumencie nie ma informacji, tekst nie wspomina o kapitanie.",
        "В тексте не упоминается капитан.",
        "У документі не вказано імені капітана.",
        "Metinde kaptanın adı belirtilmemiş, bu bilgi yok.",
        "لا تذكر المقاطع اسم القبطان.",
        "Tài liệu không đề cập đến thuyền trưởng.",
        "Dokumen tersebut tidak menyebutkan nama kapten.",
        "The excerpts provided do not mention a captain. NOT IN THE DOCUMENT",
    ],
)
def test_nothing_found_is_known_in_other_languages(reply: str) -> None:
    read = read_reply(reply, KNOWN)
    assert read.denies or "excerpts" in reply
    assert not read.claims or "excerpts" in reply


@pytest.mark.parametrize(
    "reply",
    [
        "I'm sorry, but I can't help with that request.",
        "As an AI language model, I cannot give legal advice.",
        "I am unable to assist with this.",
        "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
        "Je suis désolé, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudar con esa solicitud.",
        "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Извините, я не могу помочь с этим запросом.",
        "抱歉，我无法协助您完成这个请求。",
        "申し訳ありませんが、そのご要望にはお応えできません。",
    ],
)
def test_a_model_that_will_not_answer_declines(reply: str) -> None:
    read = read_reply(reply, KNOWN)
    assert read.declines and not read.denies and read.claims == ()


@pytest.mark.parametrize(
    "reply",
    [
        "The tenant cannot assign the lease without help of the owner.",
        "Der Vertrag gilt nicht für Boote [1].",
        "El documento no exige ninguna firma [2].",
        "Le contrat ne prévoit pas de préavis.",
        "The captain could not help the crew.",
    ],
)
def test_a_fact_with_a_negation_is_an_answer(reply: str) -> None:
    read = read_reply(reply, KNOWN)
    assert len(read.claims) == 1 and not (read.denies or read.declines)
