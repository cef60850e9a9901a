"""Table cells drawn at random from ten annual reports, each with a question worded by one who read the page.

Drawn twice (four rows a report, each on a random page with six rows of numbers); questions were written before the
reader was asked. The first draw showed what to mend (the reader named 3 of its 30 cells), the second was asked once
that was done. Left out are rows that are no data and cells that nothing but the whole layout tells apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from catena.benchmarks.figures import FigureQuestion, Number

FOLDER = "enterprise-rag-challenge/round1/pdfs/"
THOUSAND, MILLION = 1e3, 1e6
CROSSFIRST = "e2b19d2cc2ccab2fd9022326b56b38fb0e772e73"
YELLOW_PAGES = "9d7a72445aba6860402c3acce75af02dc045f74d"
HOLLEY = "194000c9109c6fa628f1fed33b44ae4c2b8365f4"
CREATIVE_MEDIA = "e0d6bb578bfc233c3bdbded229960fed01624631"
SAFE_GREEN = "f06d7ecc8072de616a4ea35c74e20199de6b0691"
TRANSUNION = "85fb23ba2910de45e27f8f40170c0f3576043916"
TRADITION = "2779336b845a41544348abb7b3e6e5bd2ff893a2"
MERCIA = "ac9aa244462c80705c3ff046542c02c459989742"
FIRST_MID = "e765cdd472cb47fa74ee6a52700c61aca645bbee"
ENRG = "43437bccca01aeae222ec7cc706ba3eaf50be2d7"

# Report, page, question, value as printed, unit ("bare": no currency belongs there), scale.
Cells = tuple[tuple[str, int, str, float, str, float], ...]
SEEN: Cells = (
    (CROSSFIRST, 48, "How large was the consumer loan portfolio at the end of 2022?", 63736, "$", THOUSAND),
    (CROSSFIRST, 47, "What was the adjusted non-interest expense in 2020?", 92571, "$", THOUSAND),
    (YELLOW_PAGES, 73, "What was the weighted average exercise price of the options in 2021?", 11.86, "$", 1),
    (YELLOW_PAGES, 59, "What sublease receipts fall due thereafter as of 2022?", 18695, "$", THOUSAND),
    (HOLLEY, 55, "What were the proceeds from issuance of long-term debt in 2021?", 655000, "$", THOUSAND),
    (HOLLEY, 70, "What was the value of machinery and equipment in 2021?", 56824, "$", THOUSAND),
    (
        CREATIVE_MEDIA,
        112,
        "What were the expense reimbursements to related parties for the lending segment in 2022?",
        1929,
        "$",
        THOUSAND,
    ),
    (
        CREATIVE_MEDIA,
        124,
        "What was the balance of the mortgage loans at the end of 2022?",
        62547,
        "$",
        THOUSAND,
    ),
    (SAFE_GREEN, 102, "What were leasehold improvements in 2022?", 17280, "$", 1),
    (SAFE_GREEN, 107, "What was the other income of the construction segment in 2022?", 373300, "$", 1),
    (SAFE_GREEN, 108, "What was the deferred tax asset for accrued expenses in 2022?", 74801, "$", 1),
    (TRANSUNION, 100, "What were trade accounts receivable, net, at the end of 2021?", 558.0, "$", MILLION),
    (TRANSUNION, 107, "What was the total equity balance at December 31, 2022?", 4269.4, "$", MILLION),
    (
        TRANSUNION,
        137,
        "How many restricted stock units were expected to vest as of December 31, 2022?",
        1920050,
        "bare",
        1,
    ),
    (
        TRANSUNION,
        138,
        "What was the total fair value of interest rate swaps as of December 31, 2022?",
        237.7,
        "$",
        MILLION,
    ),
    (TRADITION, 78, "What was the profit before tax in 2021?", 85003, "", THOUSAND),
    (TRADITION, 105, "What were the non-funded obligations in 2022?", 4011, "", THOUSAND),
    (TRADITION, 105, "What was the financial cost of the pension obligations in 2022?", 208, "", THOUSAND),
    (MERCIA, 77, "What were basic earnings per ordinary share in 2021, in pence?", 7.83, "bare", 1),
    (MERCIA, 78, "What were net assets at 31 March 2022?", 200589, "£", THOUSAND),
    (MERCIA, 79, "What was the increase in trade and other payables in 2022?", 614, "£", THOUSAND),
    (MERCIA, 79, "How much was paid in dividends in 2022?", 2641, "£", THOUSAND),
    (FIRST_MID, 50, "How much net cash did acquisitions provide in 2021?", 27061, "$", THOUSAND),
    (
        FIRST_MID,
        81,
        "What was the total share-based compensation expense, net of income taxes, in 2020?",
        611,
        "$",
        THOUSAND,
    ),
    (
        FIRST_MID,
        89,
        "What were the premises and equipment, net, of the parent company in 2021?",
        4377,
        "$",
        THOUSAND,
    ),
    (
        FIRST_MID,
        90,
        "How much did other liabilities increase at the parent company in 2021?",
        1760,
        "$",
        THOUSAND,
    ),
    (ENRG, 42, "How many fully paid ordinary shares were there at the end of 2022?", 926486703, "bare", 1),
    (ENRG, 43, "How many unlisted options were there at the end of the year 2022?", 65000000, "bare", 1),
    (
        ENRG,
        44,
        "What was the share-based payment reserve at the beginning of the year 2022?",
        250847,
        "$",
        1,
    ),
    (
        ENRG,
        51,
        "What were the net assets (liabilities) of the discontinued operation in 2022?",
        -784112,
        "$",
        1,
    ),
)

HELD_OUT: Cells = (
    (
        YELLOW_PAGES,
        58,
        "What was the closing net book value of right-of-use assets in 2021?",
        9752,
        "$",
        THOUSAND,
    ),
    (
        YELLOW_PAGES,
        71,
        "How many deferred share units were outstanding at the beginning of 2022?",
        300919,
        "bare",
        1,
    ),
    (HOLLEY, 49, "What was the bad debt reserve at the end of 2021?", 956, "$", THOUSAND),
    (HOLLEY, 54, "What was the total stockholders' equity on December 31, 2020?", 240381, "$", THOUSAND),
    (
        HOLLEY,
        66,
        "What were the accounts receivable of the Baer acquisition as adjusted?",
        627,
        "$",
        THOUSAND,
    ),
    (HOLLEY, 70, "What were buildings and improvements in 2022?", 11051, "$", THOUSAND),
    (CREATIVE_MEDIA, 80, "What were total expenses in 2021?", 88785, "$", THOUSAND),
    (
        CREATIVE_MEDIA,
        101,
        "How many restricted shares were outstanding on December 31, 2021?",
        20332,
        "bare",
        1,
    ),
    (
        CREATIVE_MEDIA,
        122,
        "How much accumulated depreciation was removed by retirements in 2022?",
        3593,
        "$",
        THOUSAND,
    ),
    (SAFE_GREEN, 85, "What were contract liabilities in 2021?", 1437579, "$", 1),
    (SAFE_GREEN, 102, "What was construction in process at the end of 2022?", 2244100, "$", 1),
    (SAFE_GREEN, 105, "What are the total lease payments for financing leases?", 1785205, "$", 1),
    (SAFE_GREEN, 108, "What was the net deferred tax asset in 2021?", 7378431, "$", 1),
    (TRANSUNION, 105, "What was the total equity balance at December 31, 2019?", 2339.4, "$", MILLION),
    (
        TRANSUNION,
        123,
        "What were the interest rate swaps in other assets at the end of 2022?",
        237.7,
        "$",
        MILLION,
    ),
    (TRANSUNION, 124, "What were income taxes payable at the end of 2022?", 8.0, "$", MILLION),
    (
        TRADITION,
        81,
        "What was the weighted average number of shares outstanding in 2021?",
        7447608,
        "bare",
        1,
    ),
    (
        TRADITION,
        99,
        "What were the non-current liabilities of Tradition-ICAP at the end of 2021?",
        8668,
        "",
        THOUSAND,
    ),
    (
        TRADITION,
        106,
        "What was the gain on remeasurement of defined benefit schemes in 2022?",
        6461,
        "",
        THOUSAND,
    ),
    (
        TRADITION,
        115,
        "What was the gross value of receivables overdue by 16 to 30 days in 2022?",
        2172,
        "",
        THOUSAND,
    ),
    (
        MERCIA,
        20,
        "What was the NAV of Northern 3 VCT at 31 March 2021, in pence per share?",
        107.0,
        "bare",
        1,
    ),
    (MERCIA, 66, "What is Diane Seymour-Williams's annual salary?", 48, "£", THOUSAND),
    (MERCIA, 68, "What was Julian Viggars's total remuneration in 2021?", 420, "£", THOUSAND),
    (
        MERCIA,
        94,
        "What was the diluted weighted average number of ordinary shares in 2022?",
        448466,
        "bare",
        THOUSAND,
    ),
    (FIRST_MID, 30, "What were total loans secured by real estate?", 3319128, "$", THOUSAND),
    (
        FIRST_MID,
        47,
        "What was the value of restricted shares issued under the 2017 stock incentive plan in 2022?",
        2229,
        "$",
        THOUSAND,
    ),
    (FIRST_MID, 73, "How much were FHLB fixed-term advances in 2021?", 86446, "$", THOUSAND),
    (FIRST_MID, 83, "How much were standby letters of credit in 2021?", 14403, "$", THOUSAND),
    (CROSSFIRST, 91, "What was construction in progress in 2021?", 509, "$", THOUSAND),
    (CROSSFIRST, 95, "What was the ending balance of foreclosed assets in 2022?", 1130, "$", THOUSAND),
    (CROSSFIRST, 103, "What expected dividends were assumed for awards in 2022?", 0.0, "%", 1),
    (ENRG, 28, "What were total non-current assets at 30 June 2022?", 662401, "$", 1),
    (ENRG, 32, "How much interest from unrelated parties was earned in 2021?", 4120, "$", 1),
    (
        ENRG,
        43,
        "How many unlisted options were there at the beginning of the year 2022?",
        50000000,
        "bare",
        1,
    ),
    (
        ENRG,
        51,
        "What was the net cash flow generated by the discontinued operations in 2021?",
        -78794,
        "$",
        1,
    ),
)


def drawn_questions(cells: Cells) -> Iterator[FigureQuestion]:
    for number, (report, page, text, value, unit, scale) in enumerate(cells):
        file = f"{FOLDER}{report}.pdf"
        yield FigureQuestion(f"drawn-{number}", text, file, Number(value, unit, scale, 1e-6), (page,))
