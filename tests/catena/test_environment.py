"""Keys leave the environment that other processes can read, and nothing that needs them misses them."""

import os
import subprocess
import sys

import pytest

from catena.environment import without_secrets_of

SHOWN = """
import ctypes, os, subprocess, sys
from catena.environment import hide_secrets
before = open("/proc/self/environ", "rb").read()
hide_secrets()
after = open("/proc/self/environ", "rb").read()
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
child = subprocess.run(["printenv", "OPENAI_API_KEY"], capture_output=True, text=True).stdout.strip()
print(b"sk-one" in before, b"sk-one" in after, b"hunter2" in after, b"plain-value" in after)
print(os.environ["OPENAI_API_KEY"], libc.getenv(b"OPENAI_API_KEY").decode(), child, os.environ["HTTPS_PROXY"])
"""
PROXY = "http://me:hunter2@proxy.example"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_keys_are_blotted_out_of_the_block_and_stay_in_use() -> None:
    environment = {**os.environ, "OPENAI_API_KEY": "sk-one", "HTTPS_PROXY": PROXY, "OTHER": "plain-value"}
    done = subprocess.run(
        [sys.executable, "-c", SHOWN], env=environment, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == "True False False True"
    assert second == f"sk-one sk-one sk-one {PROXY}"


def test_a_worker_is_given_no_keys() -> None:
    given = {"PATH": "/bin", "OPENAI_API_KEY": "sk", "HF_TOKEN": "t", "ALL_PROXY": PROXY, "CATENA_HOME": "/h"}
    assert without_secrets_of(given) == {"PATH": "/bin", "CATENA_HOME": "/h"}


def test_the_command_line_hides_keys_before_it_does_anything() -> None:
    code = (
        "import sys; sys.argv = ['catena', '--version']\n"
        "from catena.app.start import main\n"
        "try: main()\n"
        "except SystemExit: print(b'sk-one' in open('/proc/self/environ', 'rb').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "X_API_KEY": "sk-one"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == str(sys.platform != "linux"), done.stderr
