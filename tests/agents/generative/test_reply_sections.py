from __future__ import annotations

import pytest

from catena.agents.generative.reply_parser import Claim, read_reply

KNOWN = range(1, 9)
DE = "Die Fähre fasst 3.140 Personen."


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        ("Belege", "Antwort"), ("Preuves", "Réponse"), ("Pruebas", "Respuesta"), ("Evidências", "Resposta"),
        ("Prove", "Risposta"),
        ("Доказательства", "Ответ"), ("证据", "答案"), ("根拠", "答え"), ("근거", "답변"), ("الأدلة",
        "الإجابة"), ("Kanıtlar", "Yanıt"),
        ("Todisteet", "Vastaus"), ("ראיות", "תשובה"), ("साक्ष्य", "उत्तर"), ("หลักฐาน", "คำตอบ"),
        ("Bằng chứng", "Trả lời"),
        # languages of which no list is kept
        ("Sönnunargögn", "Svar mitt"), ("Fianaise", "Freagra"), ("Ushahidi", "Jibu"), ("Dovedezi de aici",
        "Zaključak"), ("Тамга", "Жооп"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "form",
    [
        "{}: [3]\n{}: {} [3].",
        "**{}:** [3]\n\n**{}:** {} [3]",
        "## {}\n[3]\n\n## {}\n{} [3].",
        "{}：【3】\n{}：{}【3】",
    ],
)
def test_labels_of_any_language_are_no_statements(evidence: str, answer: str, form: str) -> None:
    reply = read_reply(form.format(evidence, answer, "Three met at noon"), KNOWN)
    assert [(claim.text.rstrip("."), claim.numbers) for claim in reply.claims] == [
        ("Three met at noon", (3,))
    ]
    assert reply.evidence == (3,)


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        ("Tenant: Hal Wren [1]\nLandlord: Ida Moor [2]", ["Tenant: Hal Wren", "Landlord: Ida Moor"]),
        (
            "Evidence: [1, 2]\nAnswer:\nTenant: Hal Wren [1]\nLandlord: Ida Moor [2]",
            ["Tenant: Hal Wren", "Landlord: Ida Moor"],
        ),
        (
            "Belege: [1, 2]\nAntwort:\nMieter: Hal Wren [1]\nVermieter: Ida Moor [2]",
            ["Mieter: Hal Wren", "Vermieter: Ida Moor"],
        ),
        ("Evidence: [1]\nReasoning: The clause names him.\nAnswer: Hal Wren [1].", ["Hal Wren."]),
        ("Тамга: [1]\nОй жүгүртүү: бул жерде.\nЖооп: Hal Wren [1].", ["Hal Wren."]),
        ("Answer: Hal Wren [1].\nEvidence: [1]", ["Hal Wren."]),
        (
            "Evidence: [1]\nAnswer: Hal Wren [1].\n\nQuestion: Who else?\nEvidence: [2]\nAnswer: Ida [2].",
            ["Hal Wren."],
        ),
        ("Final Answer: Hal Wren [1].", ["Hal Wren."]),
        ("Respuesta final: Hal Wren [1].\nFalta: cuándo empezó", ["Hal Wren."]),
    ],
)
def test_a_list_s_own_labels_stay(reply: str, texts: list[str]) -> None:
    assert [claim.text for claim in read_reply(reply, KNOWN).claims] == texts


def test_what_is_missing_is_known_in_other_languages() -> None:
    assert (
        read_reply(f"Belege: [1]\nAntwort: {DE}\nFehlt: wann sie gebaut wurde", KNOWN).missing
        == "wann sie gebaut wurde"
    )


@pytest.mark.parametrize(
    "reply",
    [
        "Sure! Here is what I found.\n\nEvidence: [3]\nAnswer: Three met [3].",
        "Certainly!\n\nThree met [3].",
        "Three met [3].\n\nLet me know if you need anything else!",
        "Three met [3].\n\nI hope this helps. Would you like a summary?",
        "Three met [3]. Wenn Sie weitere Fragen haben, helfe ich Ihnen gerne!",
        "Three met [3].\n\n¿Necesita algo más?",
    ],
)
def test_chatter_is_dropped(reply: str) -> None:
    assert read_reply(reply, KNOWN).claims == (Claim("Three met.", (3,)),)


def test_a_loop_is_said_once() -> None:
    reply = read_reply(
        "Evidence: [3]\nAnswer: " + "Three met [3]. Nobody spoke [4]. " * 90 + "Three me", KNOWN
    )
    assert reply.claims == (Claim("Three met.", (3,)), Claim("Nobody spoke.", (4,)))


def test_names_that_differ_in_case_are_two() -> None:
    assert len(read_reply("- Rover A came [1]\n- Rover a came [2]", KNOWN).claims) == 2
