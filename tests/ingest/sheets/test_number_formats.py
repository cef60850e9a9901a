"""Numbers by their formats; what is expected is what Excel and LibreOffice show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catena.ingest.sheets.number_formats import shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (1.005, "0.00", "1.01"),
        (0.125, "0.0%", "12.5%"),
        (-1234, "#,##0_);[Red](#,##0)", "(1,234)"),
        (1234.5, "[$€-407]\\ #,##0.00", "€ 1,234.50"),
        (1234.5, '#,##0.00\\ "kg"', "1,234.50 kg"),
        (-1.5, "$#,##0.00", "-$1.50"),
        (0, '#,##0;-#,##0;"none"', "none"),
        (1234567, '0.0,,"M"', "1.2M"),
        (12345, "0.00E+00", "1.23E+04"),
        (1.5, "# ?/?", "1 1/2"),
        (5551234, "000-0000", "555-1234"),
        (150, '[<100]"low";[>=100]"high"', "high"),
        (45000.5, "yyyy-mm-dd hh:mm", "2023-03-15 12:00"),
        (45000, "d-mmm-yy", "15-Mar-23"),
        (45000, "[$-F800]dddd, mmmm dd, yyyy", "2023-03-15"),
        (0.75, "h:mm AM/PM", "6:00 PM"),
        (1.75, "[h]:mm", "42:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (0.1 + 0.2, "General", "0.3"),
        (-7, "@", "-7"),
        (1e20, "General", "1E+20"),
        (-5, "yyyy-mm-dd", "-5"),
        (3, "", "3"),
    ],
)
def test_a_number_as_it_is_shown(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_the_calendar_of_old_macs() -> None:
    assert shown(43538, "yyyy-mm-dd", is_1904=True) == shown(45000, "yyyy-mm-dd") == "2023-03-15"


@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?,.%E+-/;"\\[]$ dmyhs@_*AP', max_size=30))
def test_no_code_brings_it_down(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)
