"""Small records in the official schemas, made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MMLONGBENCH: list[dict[str, Any]] = [
    {
        "doc_id": "manual.pdf",
        "doc_type": "Guidebook",
        "question": "How many hours does the battery of the lantern last on one charge?",
        "answer": "40",
        "evidence_pages": "[2]",
        "evidence_sources": "['Pure-text (Plain-text)', 'Table']",
        "answer_format": "Int",
    },
    {
        "doc_id": "manual.pdf",
        "doc_type": "Guidebook",
        "question": "What does the submarine's periscope weigh?",
        "answer": "Not answerable",
        "evidence_pages": "[]",
        "evidence_sources": "[]",
        "answer_format": "None",
    },
]

FINANCEBENCH: list[dict[str, Any]] = [
    {
        "financebench_id": "financebench_id_1",
        "company": "Brandt",
        "doc_name": "BRANDT_2018_10K",
        "question_type": "metrics-generated",
        "question_reasoning": "Information extraction",
        "question": "What was capital expenditure in 2018 (in USD millions)?",
        "answer": "$1577.00",
        "evidence": [
            {"doc_name": "BRANDT_2018_10K", "evidence_page_num": 1, "evidence_text": "…"},
            {"doc_name": "BRANDT_2017_10K", "evidence_page_num": 7, "evidence_text": "…"},
        ],
    }
]

LCITEEVAL: dict[str, list[dict[str, Any]]] = {
    "hotpotqa": [
        {
            "id": 1,
            "question": "Where is the lantern made?",
            "answer": ["Bergen", "in Bergen"],
            "docs": [
                {"title": "Oslo", "text": "Oslo is the capital of Norway."},
                {"title": "Harbour Lantern", "text": "The lantern is made in Bergen by Brandt and Sons."},
            ],
            "length": 8100,
            "hardness": "easy",
        }
    ],
    "L-CiteEval-Data_niah": [
        {
            "id": 1,
            "question": "What is the best way to start the day?",
            "answer": "have a bagel",
            "docs": [
                "Rain fell all week.",
                "The best way to start the day is to have a bagel.",
                "Snow fell.",
            ],
            "length": 40,
        }
    ],
    "counting_stars": [
        {
            "id": 1,
            "answer": [13, 7],
            "docs": ["The little penguin counted 13 ★", "Waves.", "The little penguin counted 7 ★"],
            "length": 40,
        }
    ],
}

LONGBENCHCITE: list[dict[str, Any]] = [
    {
        "idx": 4,
        "dataset": "multifieldqa_en",
        "query": "How long is the warranty of the lantern?",
        "answer": ["Five years."],
        "few_shot_scores": [],
        "context": "The lantern is made in Bergen. The warranty of the lantern covers five years.\n\nKeep it dry.",
    }
]

STORY = 'section,text\n1,"A farmer had seven sons\nand a daughter."\n2,"Assipattle lay in the ashes."\n'
STORY_QUESTIONS = (
    "question_id,local-or-sum,cor_section,attribute1,attribute2,question,ex-or-im1,answer1,answer2,answer3,"
    "ex-or-im2,answer4,answer5,answer6\n"
    "1,local,2,action,,Where did Assipattle lie?,explicit,in the ashes,,,explicit,ashes,,\n"
    '2,summary,"1,2",character,,Who lived there?,implicit,a family,,,implicit,,,\n'
)


def write_json(path: Path, records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records), "utf-8")
    return path


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def write_story(folder: Path, split: str = "val") -> Path:
    for kind, text in (("section-stories", STORY), ("questions", STORY_QUESTIONS)):
        ending = "story" if kind == "section-stories" else "questions"
        path = folder / kind / split / f"assipattle-{ending}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
