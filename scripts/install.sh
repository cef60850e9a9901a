#!/bin/sh
# Make a virtual environment and install a lock file and this package (editable) into it.
#   scripts/install.sh VENV LOCK
# uv takes seconds where pip takes minutes, so it is fetched into the environment when it is not there.
set -eu
venv=$1
lock=$2
python=${PYTHON:-python3}

command -v "$python" >/dev/null || { echo "Python is missing. Run: apt-get install python3 python3-venv" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Catena needs Python 3.11 or newer; $python is $("$python" -V). Run: make PYTHON=python3.11 ..." >&2
    exit 1
}

if [ ! -x "$venv/bin/python" ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "Python's venv module is missing. Run: sudo apt-get install python3-venv" >&2
        exit 1
    fi
    echo "Making $venv"
    "$python" -m venv "$venv"
fi

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    [ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet uv 2>/dev/null || true
    uv=$venv/bin/uv
fi

echo "Installing $lock"
if "$uv" --version >/dev/null 2>&1; then
    # Compiled now: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would do it anew.
    VIRTUAL_ENV=$(cd "$venv" && pwd) "$uv" pip install --quiet --compile-bytecode -r "$lock"
    VIRTUAL_ENV=$(cd "$venv" && pwd) "$uv" pip install --quiet --no-deps --editable .
else
    echo "uv could not be had; pip takes some minutes"
    "$venv/bin/python" -m pip install --quiet -r "$lock"
    "$venv/bin/python" -m pip install --quiet --no-deps --editable .
fi
