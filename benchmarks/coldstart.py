"""`python -m catena.benchmarks.coldstart FILE QUESTION --home FOLDER`: one first answer, and where its time went.

Prints JSON: the seconds since this process began at which each step was done.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import psutil


def main() -> None:
    began = psutil.Process().create_time()
    parser = argparse.ArgumentParser(prog="catena.benchmarks.coldstart", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("question")
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    done = {"Python": time.time() - began}

    from catena.client import Catena  # its time is part of what is measured

    done["import"] = time.time() - began
    with Catena(options.home) as catena:
        document = catena.add(options.file)
        done["added"] = time.time() - began
        answer = catena.ask(options.question, documents=[document])
        done["answered"] = time.time() - began
    pages = document.num_pages
    print(json.dumps({"done": done, "pages": pages, "citations": len(answer.citations)}))


if __name__ == "__main__":
    main()
