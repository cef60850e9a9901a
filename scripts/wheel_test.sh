#!/bin/sh
# Build the wheel, install it with all it asks for into an empty environment, and ask a document something there.
set -eu
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/.venv/bin/python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work" .
python3 -m venv "$work/venv"
cd "$work"
uv=$root/.venv/bin/uv
install() {
    if "$uv" --version >/dev/null 2>&1; then
        VIRTUAL_ENV=$work/venv "$uv" pip install --quiet "$@"
    else
        venv/bin/python -m pip install --quiet "$@"
    fi
}
# By the name that the documentation gives, from this folder alone; then what it asks for.
install --no-index --no-deps --find-links "$work" catena-qa
install ./*.whl
ls -lh ./*.whl | awk '{print $5, $9}'
du -sh venv/lib | awk '{print $1, "installed"}'
if ls venv/lib/python*/site-packages | grep -E '^(torch|nvidia|streamlit)'; then
    echo "The wheel pulled what nobody asked for." >&2
    exit 1
fi

export CATENA_HOME="$work/library" HF_HUB_OFFLINE=1
venv/bin/catena --help >/dev/null
printf 'The tide clock in the hall was made in 1786 by Anna Brewer of Whitby.\n\nIt strikes seven times a day.\n' > clock.txt
venv/bin/catena ask "Who made the tide clock?" --doc clock.txt | tee answer
grep -q "Anna Brewer" answer
venv/bin/catena eval robust 2>said && { echo "The wheel measures." >&2; exit 1; }
grep -q "Get the source" said
