#!/bin/sh
# Choose versions for every supported Python and platform; UPGRADE= keeps those that still fit. Names and versions only: no index, no local path.
set -eu
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet uv
compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate "$@"
}
compile ${UPGRADE---upgrade} pyproject.toml --extra ui --output-file requirements.lock
compile ${UPGRADE---upgrade} pyproject.toml --extra ui --extra dev --constraint requirements.lock --output-file requirements-dev.lock
if grep -nE '://|^(torch|nvidia-)' requirements.lock requirements-dev.lock; then exit 1; fi
