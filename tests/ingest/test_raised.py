"""Raised and lowered figures: never digits of the number before, ordinals and marks as they are."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catena.ingest.raised import to_subscript, to_superscript


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("6", "⁶"), ("-3", "⁻³"), ("−12", "⁻¹²"), ("n", "ⁿ"), ("x+1", "ˣ⁺¹"), ("(2)", "⁽²⁾"), (" 2 ", " ² "),
        ("3,4", "³,⁴"), ("3–5", "³–⁵"), ("a", "ᵃ"), ("2a", "²ᵃ"), ("0.5", "^(0.5)"), ("½", "^(½)"), ("Q", "^(Q)"),
        ("st", "st"), ("th.", "th."), ("TM", "TM"), ("ème", "ème"), ("*", "*"), ("†", "†"), ("[12]", "[12]"),
        ("®", "®"), ("", ""), (" ", " "), ("see the note below", "see the note below"),
    ],
)  # fmt: skip
def test_raised(raised: str, expected: str) -> None:
    assert to_superscript(raised) == expected


@pytest.mark.parametrize(
    ("lowered", "expected"),
    [("2", "₂"), ("n−1", "ₙ₋₁"), ("i", "ᵢ"), ("max", "max"), ("Q1", "_(Q1)"), ("10", "₁₀")],
)
def test_lowered(lowered: str, expected: str) -> None:
    assert to_subscript(lowered) == expected


@pytest.mark.parametrize(
    ("raised", "expected"), [("ab", "ᵃᵇ"), ("max", "ᵐᵃˣ"), ("Q", "^Q"), ("2Q", "^(2Q)"), ("*", "^*")]
)
def test_in_a_formula_everything_is_raised(raised: str, expected: str) -> None:
    assert to_superscript(raised, is_formula=True) == expected


@given(st.text(st.sampled_from("0123456789+-−=()n"), min_size=1))
def test_figures_come_back_by_normalisation(figure: str) -> None:
    assert unicodedata.normalize("NFKC", to_superscript(figure)) in (
        figure,
        figure.replace("-", "−"),
        f"^({figure})",
    )


@given(st.text("0123456789", min_size=1, max_size=9))
def test_no_raised_number_is_read_as_digits_of_the_one_before(figure: str) -> None:
    assert not (set(to_superscript(figure)) | set(to_subscript(figure))) & set("0123456789")
