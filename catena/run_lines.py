"""Lines of JSON in the file of a run, each with a checksum."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from xxhash import xxh3_64_intdigest as digest

_CHECKED = re.compile(rb'(.*), "check": "([0-9a-f]{16})"\}', re.DOTALL)


def checked_line(value: Mapping[str, Any]) -> bytes:
    """A line of JSON whose last member is the checksum of the rest."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return body[:-1] + b', "check": "%016x"}\n' % (digest(body))


def sound_lines(data: bytes) -> tuple[list[bytes], bool]:
    """The lines up to the first that is not as it was written, without their checksums; and whether all are.

    A last line without an end is one that is still being written. Files of older versions have no checksums.
    """
    lines = data.split(b"\n")[:-1]
    is_older = not any(b'"check": "' in line for line in lines)
    sound: list[bytes] = []
    for line in lines:
        found = _CHECKED.fullmatch(line)
        body = found[1] + b"}" if found else line
        is_sound = found is not None and int(found[2], 16) == digest(body)
        if not is_sound and not (is_older and _is_json(line)):
            return sound, False
        sound.append(body)
    return sound, bool(sound)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
