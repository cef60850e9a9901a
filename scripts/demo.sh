#!/bin/sh
# What `make demo` shows: add the bundled book, ask it, look at the quote on its page.
set -eu
demo=$1
CATENA_HOME=$demo/library
export CATENA_HOME

say() {
    printf '\n$ %s\n' "$*"
}

say catena add "$demo/jargon.pdf"
catena add "$demo/jargon.pdf"

question=$(head -n 1 examples/questions.txt)
rm -rf "$demo/pictures"
say catena ask "\"$question\"" --render "$demo/pictures"
catena ask "$question" --doc "$demo/jargon.pdf" --render "$demo/pictures"

echo
echo "The quote in its place:"
for picture in "$demo"/pictures/*.png; do
    echo "  $picture"
done
echo "Your own documents: .venv/bin/catena add FILE, then .venv/bin/catena ask QUESTION; or: make app"
