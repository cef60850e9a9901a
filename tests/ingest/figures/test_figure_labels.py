"""What figures are called, in captions and where sentences name them."""

import pytest

from catena.ingest.figures.figure_labels import caption_label, mentioned
from catena.ingest.figures.figure_mentions import Mentions
from catena.types import Figure, Page, PageRef, Span


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Figure 3: Rain", "Figure 3"),
        ("Figure 3(b). Rain", "Figure 3(b)"),
        ("Fig. 2.1 Rain days", "Fig. 2.1"),
        ("FIGURE A: Rain", "FIGURE A"),
        ("Abbildung 4 – Regentage", "Abbildung 4"),
        ("3. ábra Esős napok", "3. ábra"),
        ("図2：雨", "図2"),
        ("Рис. 4. Дни", "Рис. 4"),
        ("Chart 7", "Chart 7"),
    ],
)
def test_a_caption_begins_with_its_label(text: str, label: str) -> None:
    found = caption_label(text)
    assert found is not None and found.text == label


@pytest.mark.parametrize(
    "text",
    ["Figure 3 shows that it rained.", "figure 3", "It rained.", "Figures of speech", "Figure 3" * 400],
)
def test_a_sentence_is_no_caption(text: str) -> None:
    assert caption_label(text) is None


def test_labels_that_follow_one_another_are_mentioned_one_by_one() -> None:
    found = mentioned("Figures 3 and 4 and Table 2 agree; see Figs. 5, 6(a) and 如图7所示.")
    names = [(one.kind, one.number, one.panel) for one in found]
    assert names == [
        ("figure", "3", ""),
        ("figure", "4", ""),
        ("table", "2", ""),
        ("figure", "5", ""),
        ("figure", "6", "a"),
        ("figure", "7", ""),
    ]


def page(number: int, text: str) -> Page:
    return Page(PageRef("d", number), text, str(number))


def test_a_figure_knows_who_names_it_but_its_own_caption() -> None:
    mentions = Mentions()
    mentions.learn(page(1, "See fig. 3 below. Figure 4 is another, Figure 3(b) a panel."))
    mentions.learn(page(2, "Figure 3: Rain"))
    figure = Figure(PageRef("d", 2), (0, 0, 1, 1), label="Figure 3", caption_span=(0, 14))
    (linked,) = mentions.linked([figure])
    assert linked.mentions == (Span(PageRef("d", 1), 4, 10), Span(PageRef("d", 1), 39, 50))


def test_a_panel_is_named_by_its_own_label_alone() -> None:
    mentions = Mentions()
    mentions.learn(page(1, "Figure 3 and Figure 3(a), then Figure 3(b)."))
    figure = Figure(PageRef("d", 2), (0, 0, 1, 1), label="Figure 3(b)")
    assert [span.start for span in mentions.linked([figure])[0].mentions] == [31]


def test_a_figure_without_a_label_has_no_mentions() -> None:
    mentions = Mentions()
    mentions.learn(page(1, "Figure 3"))
    assert mentions.linked([Figure(PageRef("d", 1), (0, 0, 1, 1))])[0].mentions == ()
