"""Atomic file writes (a temporary file, then a rename) and JSON files."""

import contextlib
import json
import os
import re
from pathlib import Path

from .errors import UserError


@contextlib.contextmanager
def atomic(path, mode="w"):
    """Opens a temporary file for writing that replaces `path` on success; else `path` is unchanged.

    Raises:
        UserError: the file cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; its previous content is unharmed"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def clear_leftovers(folder):
    """Removes from a folder the temporary files whose writers are no longer running."""
    for path in Path(folder).glob(".*.tmp"):
        writer = re.fullmatch(r"\..+\.(\d+)\.tmp", path.name)
        if writer and not _is_alive(int(writer[1])):
            path.unlink(missing_ok=True)


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # a process of another user
        return True
    return pid > 0


def write_json(path, value):
    """Writes a value atomically as indented JSON."""
    with atomic(path) as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path):
    """Reads a JSON file.

    Raises:
        UserError: the file is missing or damaged.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error})") from None
