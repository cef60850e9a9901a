"""Requests made up of the server's own description, as schemathesis makes them: none falls, each reply is as described.

CATENA_REQUESTS says how many a route are drawn (4), besides its examples and boundary values; what replies lead to is
asked, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.app.server.serving import KEY, library, served

# A request may be refused by its sense: an option that this model has not, a file that is empty.
EXCLUDED = "positive_data_acceptance"
ROOT = str(Path(__file__).parents[3])
NUM_DRAWN = os.environ.get("CATENA_REQUESTS")


def test_no_request_that_is_made_up_finds_a_fault(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", "--exclude-checks", EXCLUDED]
    command += ["--max-examples", NUM_DRAWN or "4", "--request-timeout", "120", "--continue-on-failure"]
    command += [] if NUM_DRAWN else ["--seed", "1"]
    with library(tmp_path) as client, served(client) as url:
        done = subprocess.run(
            [*command, "--header", f"Authorization: Bearer {KEY}", f"{url}/openapi.json"],
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.app.server.request_checks", "PYTHONPATH": ROOT},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
