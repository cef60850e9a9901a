from __future__ import annotations

import pytest

from catena.agents.citations.statement_language import is_other_language

ENGLISH = (
    "The ferry carries 3,140 people in the summer and it was built in Bergen. Kestrel Lines owns the ship."
)
GERMAN = "Die Fähre fasst im Sommer 3.140 Personen und wurde in Bergen gebaut. Der Eigner ist die Kestrel AG."


@pytest.mark.parametrize(
    "statement",
    [
        "Die Fähre fasst im Sommer 3.140 Personen.",
        "Le ferry transporte 3 140 personnes en été.",
        "El ferry lleva a 3.140 personas en el verano.",
        "Il traghetto porta 3.140 persone in estate, ed è di Bergen.",
        "O ferry leva 3.140 pessoas no verão.",
        "Färjan tar 3 140 personer och den är byggd i Bergen.",
        "Паром вмещает 3140 человек.",
        "フェリーは3,140人を運びます。",
        "渡轮可载3,140人。",
        "Kestrel Lines 여객선은 3,140명을 태웁니다.",
        "تحمل العبارة 3140 شخصا.",
    ],
)
def test_another_language_is_known(statement: str) -> None:
    assert is_other_language(statement, ENGLISH)


@pytest.mark.parametrize(
    "statement",
    ["3,140 people", "The ship is of Bergen.", "Owner: Kestrel Lines", "Der Spiegel and Die Zeit are read."],
)
def test_the_same_language_is_not_another(statement: str) -> None:
    assert not is_other_language(statement, ENGLISH)


def test_it_goes_both_ways() -> None:
    assert is_other_language("The ferry was built in Bergen.", GERMAN)
    assert not is_other_language("Die Fähre ist in Bergen gebaut.", GERMAN)
    assert not is_other_language("Anything at all is said.", "")
