"""The folder of a library belongs to one person: it is closed to the other users of the machine."""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path

from catena.files.atomic_files import FOLDER_MODE

_log = logging.getLogger(__name__)


def close_to_others(home: Path) -> None:
    """Close a folder of ours that others may enter, and say so.

    The folder of the person, and one where everybody may leave files (/tmp), are not for us to close.
    """
    if sys.platform == "win32" or not os.path.isdir(home):
        return
    found = home.stat()
    is_open = found.st_mode & 0o077 and not found.st_mode & stat.S_ISVTX
    if not is_open or found.st_uid != os.geteuid() or os.path.realpath(home) == os.path.realpath(Path.home()):
        return
    try:
        home.chmod(FOLDER_MODE)
    except OSError:  # a disk that can only be read, or that knows no rights
        return
    if not home.stat().st_mode & 0o077:
        _log.warning("%s was open to other users of this machine; it is closed to them now (mode 700).", home)
