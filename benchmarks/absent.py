"""Facts that a document does not hold, and facts that it does: the questions that abstention is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["answerable", "not answerable", "wrong document", "familiar words"]
READ = ("financebench", "mmlongbench-doc", "erc-round1", "kg-rag")
READABLE = {"Pure-text (Plain-text)", "Table"}


@dataclass(frozen=True, slots=True)
class Item:
    """A question asked of `file`.

    `gold` are the pages that answer it and `accepted` the right answers, where the data set `of` names them.
    """

    id: str
    question: str
    file: str
    kind: Kind
    gold: tuple[int, ...] = ()
    accepted: tuple[str, ...] = ()
    of: str = ""

    @property
    def is_there(self) -> bool:
        return self.kind == "answerable"


# Answerable questions of FinanceBench and MMLongBench-Doc (every third), asked of a document that is not theirs. Each
# pair was read and what the question names (company, study, appliance) looked for there; one of sixty was dropped
# because that document answers it, too: mmlb-119, "all countries in the surveys of this report".
WRONG_DOCUMENT = {
    "financebench/pdfs/3M_2018_10K.pdf": (
        "financebench_id_01902 financebench_id_04171 mmlb-1005 mmlb-1020 mmlb-1045 mmlb-1064"
    ),
    "financebench/pdfs/AMAZON_2017_10K.pdf": (
        "financebench_id_03029 financebench_id_01226 financebench_id_07661 "
        "financebench_id_00382 mmlb-1008 mmlb-1023 mmlb-1067 mmlb-1079"
    ),
    "financebench/pdfs/BESTBUY_2023_10K.pdf": (
        "financebench_id_08135 financebench_id_01346 financebench_id_00407 mmlb-1011 "
        "mmlb-1026 mmlb-1048 mmlb-1051"
    ),
    "financebench/pdfs/COSTCO_2021_10K.pdf": (
        "financebench_id_04417 financebench_id_00839 financebench_id_00859 mmlb-1029 "
        "mmlb-1054 mmlb-1070 mmlb-1073"
    ),
    "financebench/pdfs/NETFLIX_2015_10K.pdf": (
        "financebench_id_01275 financebench_id_03471 financebench_id_00215 mmlb-1014 "
        "mmlb-1017 mmlb-1042 mmlb-1061 mmlb-1076"
    ),
    "mmlongbench-doc/data/documents/2023.acl-long.386.pdf": "mmlb-477",
    "mmlongbench-doc/data/documents/2303.05039v2.pdf": "mmlb-396",
    "mmlongbench-doc/data/documents/2312.04350v3.pdf": "mmlb-23",
    "mmlongbench-doc/data/documents/2312.10997v5.pdf": "mmlb-322 mmlb-327",
    "mmlongbench-doc/data/documents/3276a5b991c49cf5f9a4af0f7d6fce67.pdf": "mmlb-665",
    "mmlongbench-doc/data/documents/379f44022bb27aa53efd5d322c7b57bf.pdf": "mmlb-564",
    "mmlongbench-doc/data/documents/7c3f6204b3241f142f0f8eb8e1fefe7a.pdf": "mmlb-633 mmlb-638",
    "mmlongbench-doc/data/documents/DSA-278777.pdf": "mmlb-293 mmlb-296",
    "mmlongbench-doc/data/documents/ISEP_student_handbook_2020.pdf": "mmlb-283 mmlb-287",
    "mmlongbench-doc/data/documents/Independents-Report.pdf": "mmlb-972",
    "mmlongbench-doc/data/documents/PG_2020.03.09_US-Germany_FINAL.pdf": "mmlb-80",
    "mmlongbench-doc/data/documents/User_Manual_1500S_Classic_EN.pdf": "mmlb-594",
    "mmlongbench-doc/data/documents/e79deb02a0c0e87511080836c5d4347b.pdf": "mmlb-132 mmlb-136",
    "mmlongbench-doc/data/documents/fd76bbefe469561966e5387aa709c482.pdf": "mmlb-702",
    "mmlongbench-doc/data/documents/fdac8d1e9ef56519371df7e6532df27d.pdf": "mmlb-657",
    "mmlongbench-doc/data/documents/obs-productdesc-en.pdf": "mmlb-676 mmlb-681",
    "mmlongbench-doc/data/documents/owners-manual-2170416.pdf": "mmlb-7",
}

# Made up in the documents' own words. Each was looked for in the whole text: it is not there.
FAMILIAR_WORDS = {
    "enterprise-rag-challenge/round1/pdfs/85fb23ba2910de45e27f8f40170c0f3576043916.pdf": (
        "What was the revenue of the hotel segment in 2022?",
    ),
    "enterprise-rag-challenge/round1/pdfs/ac9aa244462c80705c3ff046542c02c459989742.pdf": (
        "How much was invested in the football club?",
    ),
    "financebench/pdfs/3M_2018_10K.pdf": (
        "What was the revenue of the bicycle division in 2018?",
        "How many employees work in the shoe factory in Brazil?",
    ),
    "financebench/pdfs/AMAZON_2017_10K.pdf": (
        "How much operating income did the railway segment earn in 2017?",
        "What is the interest rate of the notes due in 2099?",
    ),
    "financebench/pdfs/BESTBUY_2023_10K.pdf": (
        "How many stores did Best Buy open in Brazil in fiscal 2023?",
        "What was the revenue from furniture rental in fiscal 2023?",
    ),
    "financebench/pdfs/COSTCO_2021_10K.pdf": (
        "How many warehouses does Costco operate in Germany?",
        "What were the sales of the car rental segment in 2021?",
        "How much did Costco pay for the acquisition of its airline?",
    ),
    "financebench/pdfs/NETFLIX_2015_10K.pdf": (
        "What was the revenue of the theme park segment in 2015?",
        "How many cinemas does Netflix operate?",
        "What percentage of members watch live sports?",
    ),
    "mmlongbench-doc/data/documents/12-15-15-ISIS-and-terrorism-release-final.pdf": (
        "What percentage of Democrats approve of the way schools are funded?",
    ),
    "mmlongbench-doc/data/documents/2310.07609v1.pdf": (
        "What accuracy does the proposed method reach on ImageNet?",
    ),
    "mmlongbench-doc/data/documents/2312.10997v5.pdf": (
        "What word error rate does the retrieval method reach on speech recognition?",
    ),
    "mmlongbench-doc/data/documents/ISEP_student_handbook_2020.pdf": (
        "How many hours of sports training must students complete?",
        "What is the monthly fee for the student dormitory?",
    ),
    "mmlongbench-doc/data/documents/Independents-Report.pdf": (
        "What percentage of Independents own a bicycle?",
    ),
    "mmlongbench-doc/data/documents/PG_2020.03.09_US-Germany_FINAL.pdf": (
        "What percentage of Germans favor a common currency with Canada?",
    ),
    "mmlongbench-doc/data/documents/User_Manual_1500S_Classic_EN.pdf": (
        "How long does the battery of the coffee machine last?",
        "What temperature must the freezer of the machine have?",
    ),
    "mmlongbench-doc/data/documents/owners-manual-2170416.pdf": ("How do you clean the oven door?",),
}


def read_items(data: Path) -> Iterator[Item]:
    """Every question that abstention is measured on; `data` is the folder of the development documents."""
    lines = (data / "questions.jsonl").read_text("utf-8").splitlines()
    rows = {row["id"]: row for row in map(json.loads, lines)}
    for row in rows.values():
        if row["set"] in READ and _is_of_text(row) and len(row["docs"]) == 1:
            yield _item(row)
    for file, ids in WRONG_DOCUMENT.items():
        for one in ids.split():
            name = f"{one}@{Path(file).stem[:12]}"
            yield Item(name, rows[one]["question"], file, "wrong document", of="wrong document")
    for file, questions in FAMILIAR_WORDS.items():
        for number, question in enumerate(questions):
            name = f"familiar-{Path(file).stem[:12]}-{number}"
            yield Item(name, question, file, "familiar words", of="familiar words")


def _item(row: dict[str, Any]) -> Item:
    kind: Kind = "answerable" if row["answerable"] else "not answerable"
    gold = tuple(one["page"] for one in row.get("evidence", ()) if "page" in one)
    answers = row["answer"] if isinstance(row["answer"], list) else [row["answer"]]
    accepted = tuple(map(str, answers)) if row["answerable"] else ()
    return Item(str(row["id"]), row["question"], row["docs"][0], kind, gold, accepted, row["set"])


def _is_of_text(row: dict[str, Any]) -> bool:
    """Tell whether the text is asked: what only a picture answers is no fact of it, there or not."""
    if row["set"] != "mmlongbench-doc" or not row["answerable"]:
        return True
    return bool(READABLE & set(row["modality"] or ()))
