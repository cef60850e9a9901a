"""Numbers as a spreadsheet shows them, by the codes of their formats (ECMA-376, part 1, 18.8.30 and 18.8.31).

Libraries were judged: `ssf` brings Babel, PyYAML and calendars, the readers of spreadsheets give bare values.
Separators and names are English, as no file says which; a date whose form is left to the machine is written 2026-03-31.
"""

from __future__ import annotations

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

GENERAL = "General"
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""14 and 22 are the machine's own dates."""
_TOKENS = re.compile(
    r"\"[^\"]*\"?|\\.|_.|\*.|\[[^\]]*\]|General|AM/PM|A/P|E[+-]|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+(?:\.0+)?|[0#?]+|.",
    re.S,
)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.I)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_CURRENCY = re.compile(r"\[\$([^\]-]*)")
_SYSTEM_DATE = re.compile(r"\[\$-(?:F800|F400|x-sysdate|x-systime)\]", re.I)
_DATE_TOKEN = re.compile(r"[yYdDhHsS]|[mM]{1,5}")
_COMPARE = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "=": float.__eq__, "<>": float.__ne__,
}  # fmt: skip
_MAX_CODE = 300
_LAST_DAY = 2_958_466  # the year 10000
_GENERAL_DIGITS = 10


def shown(value: float, code: str, *, is_1904: bool = False) -> str:
    """Write a number as a format's code has it; one that the code cannot show as it is."""
    section, value = _section(value, code[:_MAX_CODE] or GENERAL)
    tokens = _tokens(section)
    try:
        if _is_date(tokens):
            return _date(value, tokens, is_1904=is_1904).strip()
        return _number(value, tokens).strip()
    except (ValueError, OverflowError, InvalidOperation, ZeroDivisionError):
        return general(value)


def general(value: float) -> str:
    """Write a number without a format: as many digits as a cell has room for."""
    if value == int(value) and abs(value) < 1e11:
        return str(int(value))
    text = f"{value:.{_GENERAL_DIGITS}g}"
    return text.replace("e+", "E+").replace("e-", "E-") if "e" in text else text


def _section(value: float, code: str) -> tuple[str, float]:
    """The part of a code that is for such a number, and the number without the sign that the part writes itself."""
    sections = _split(code)
    for number, section in enumerate(sections[:3]):
        if condition := _CONDITION.search(section):
            if _COMPARE[condition[1]](float(value), float(condition[2])):
                return section, value
        elif number == 2 or (number == 0 and len(sections) < 3 and not _CONDITION.search(code)):
            break
    else:
        return sections[-1 if _CONDITION.search(code) else 0], value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    return sections[2 if value == 0 and len(sections) > 2 else 0], value


def _split(code: str) -> list[str]:
    sections = [""]
    for token in _TOKENS.findall(code):
        if token == ";":
            sections.append("")
        else:
            sections[-1] += token
    return sections


@lru_cache(maxsize=1000)
def _tokens(section: str) -> tuple[str, ...]:
    if _SYSTEM_DATE.search(section):
        section = "h:mm:ss" if "400" in section or "time" in section.lower() else "yyyy-mm-dd"
    return tuple(_TOKENS.findall(section))


def _is_date(tokens: Sequence[str]) -> bool:
    return any(_DATE_TOKEN.match(token) or _ELAPSED.fullmatch(token) for token in tokens)


def _literal(token: str) -> str:
    """What a token that is no placeholder writes."""
    if token[0] == '"':
        return token.strip('"')
    if token[0] == "\\":
        return token[1:]
    if token[0] in "_*":
        return " " if token[0] == "_" else ""
    if token[0] == "[":
        found = _CURRENCY.match(token)
        return found[1] if found else ""
    return token


def _number(value: float, tokens: Sequence[str]) -> str:
    places = [at for at, token in enumerate(tokens) if token[0] in "0#?"]
    if not places:
        sign = "-" if value < 0 and {GENERAL, "@"} & {*tokens} else ""
        return sign + "".join(general(abs(value)) if t in (GENERAL, "@") else _literal(t) for t in tokens)
    first, last = places[0], places[-1]
    while last + 1 < len(tokens) and tokens[last + 1] == ",":
        last += 1
    pattern = "".join(token for token in tokens[first : last + 1])
    before = "".join(map(_literal, tokens[:first]))
    behind = "".join(map(_literal, tokens[last + 1 :]))
    if any(token == "%" for token in tokens):
        value *= 100
    if "/" in pattern:
        digits = _fraction(abs(value), pattern)
    elif "E" in pattern:
        digits = _scientific(abs(value), pattern)
    else:
        digits = _decimal(abs(value), pattern)
    sign = "-" if value < 0 and re.search(r"[1-9]", digits) else ""
    return f"{sign}{before}{digits}{behind}"


def _decimal(value: float, pattern: str) -> str:
    """Digits by a pattern as "#,##0.00"; commas at its end divide by thousands, literals inside stay."""
    whole, _, part = pattern.partition(".")
    scale = len(whole) - len(whole.rstrip(",")) + len(part) - len(part.rstrip(","))
    whole, part = whole.rstrip(","), part.rstrip(",")
    most = sum(character in "0#?" for character in part)
    least = max((place + 1 for place, character in enumerate(part) if character == "0"), default=0)
    number = Decimal(repr(value)).scaleb(-3 * scale).quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    digits, _, decimals = f"{number:f}".partition(".")
    decimals = decimals[:least] + decimals[least:].rstrip("0")
    least_whole = sum(character == "0" for character in whole)
    digits = digits.lstrip("0").rjust(least_whole, "0")
    if "," in whole:
        digits = _grouped(digits)
    elif re.search(r"[^0#?]", whole):
        digits = _filled(digits, whole)
    return f"{digits}.{decimals}" if decimals else digits


def _grouped(digits: str) -> str:
    head = len(digits) % 3
    return ",".join(
        filter(None, [digits[:head], *(digits[at : at + 3] for at in range(head, len(digits), 3))])
    )


def _filled(digits: str, pattern: str) -> str:
    """Digits put into a pattern from the right, as telephone numbers are: 000-0000."""
    written: list[str] = []
    left = list(digits)
    for token in reversed(_TOKENS.findall(pattern)):
        if token[0] in "0#?":
            for _ in token:
                written.append(left.pop() if left else "")
        else:
            written.append(_literal(token))
    return "".join(left) + "".join(reversed(written))


def _scientific(value: float, pattern: str) -> str:
    mantissa, sign, exponent = re.split(r"E([+-])", pattern, maxsplit=1)
    decimals = sum(character in "0#?" for character in mantissa.partition(".")[2])
    digits, _, power = f"{value:.{decimals}E}".partition("E")
    number = int(power)
    shown_sign = "-" if number < 0 else "+" if sign == "+" else ""
    return f"{digits}E{shown_sign}{abs(number):0{max(1, exponent.count('0'))}d}"


def _fraction(value: float, pattern: str) -> str:
    above, _, below = pattern.rpartition("/")
    below = below.strip()
    fixed = int(below) if below.isdecimal() and int(below) else 0
    whole = int(value) if " " in above.strip() else 0
    rest = Fraction(repr(value)) - whole
    most = 10 ** min(max(1, len(below)), 4) - 1
    found = Fraction(round(rest * fixed), fixed) if fixed else rest.limit_denominator(most)
    if found.denominator == 1 and not fixed:
        return str(whole + found.numerator)
    top, bottom = (round(rest * fixed), fixed) if fixed else (found.numerator, found.denominator)
    return f"{whole} {top}/{bottom}" if whole else f"{top}/{bottom}"


def _date(value: float, tokens: Sequence[str], *, is_1904: bool) -> str:
    if not 0 <= value < _LAST_DAY:
        raise ValueError("no date of a spreadsheet")
    has_fraction = any("." in token and token[0] in "sS" for token in tokens)
    seconds = round(value * 86400, 3) if has_fraction else round(value * 86400)
    moment = _moment(seconds, is_1904=is_1904)
    has_half_days = any(token.upper() in ("AM/PM", "A/P") for token in tokens)
    return "".join(
        _date_part(token, at, tokens, moment, seconds, has_half_days=has_half_days)
        for at, token in enumerate(tokens)
    )


def _moment(seconds: float, *, is_1904: bool) -> datetime:
    """Day 60 of the calendar from 1900 is a 29 February that never was; before it days are one later."""
    epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30 + (seconds < 60 * 86400))
    return epoch + timedelta(seconds=seconds)


def _date_part(
    token: str, at: int, tokens: Sequence[str], moment: datetime, seconds: float, *, has_half_days: bool
) -> str:
    if elapsed := _ELAPSED.fullmatch(token):
        unit = {"h": 3600, "m": 60, "s": 1}[elapsed[1][0].lower()]
        return f"{int(seconds // unit):0{len(elapsed[1])}d}"
    if token.upper() in ("AM/PM", "A/P"):
        half = "AM" if moment.hour < 12 else "PM"
        return half if len(token) > 3 else half[0]
    match token[0].lower():
        case "y":
            return f"{moment.year:04d}" if len(token) > 2 else f"{moment.year % 100:02d}"
        case "d":
            names = {3: day_abbr, 4: day_name}.get(len(token))
            return names[moment.weekday()] if names else f"{moment.day:0{min(len(token), 2)}d}"
        case "h":
            hour = (moment.hour - 1) % 12 + 1 if has_half_days else moment.hour
            return f"{hour:0{min(len(token), 2)}d}"
        case "m" if len(token) < 3 and _is_minute(at, tokens):
            return f"{moment.minute:0{len(token)}d}"
        case "m":
            return _month(moment.month, len(token))
        case "s":
            whole, _, part = token.partition(".")
            fraction = f".{moment.microsecond // 1000:03d}"[: len(part) + 1] if part else ""
            return f"{moment.second:0{min(len(whole), 2)}d}{fraction}"
    return _literal(token)


def _month(month: int, length: int) -> str:
    if length < 3:
        return f"{month:0{length}d}"
    return month_abbr[month] if length == 3 else month_name[month][: 1 if length == 5 else None]


def _is_minute(at: int, tokens: Sequence[str]) -> bool:
    """Tell minutes from months: they follow hours, or seconds follow them."""
    timed = [token for token in tokens[:at] if token[0] in "ydhsmYDHSM" or _ELAPSED.fullmatch(token)]
    later = [token for token in tokens[at + 1 :] if token[0] in "ydhsmYDHSM"]
    is_behind_hour = bool(timed) and timed[-1].strip("[]")[0] in "hH"
    return is_behind_hour or (bool(later) and later[0][0] in "sS")
