"""Guards of a run folder: its lock, and the refusal of what is not a run or leads out of it."""

import contextlib
import os
import re
import stat
from pathlib import Path

import filelock

from ..errors import UserError

APPENDED = ("metrics.jsonl", "starts.jsonl", "run.lock")  # files that are written in place
ATTEMPTS = 50  # at a folder that other starts make and remove


@contextlib.contextmanager
def locked(path, seconds=0, make=False):
    """Holds the lock of a run folder; a UserError when another process has it for that long.

    With `make`, a folder that is not there is made first, again if another start removes it.
    """
    lock = filelock.FileLock(path / "run.lock", timeout=seconds, poll_interval=0.02)
    for _ in range(ATTEMPTS if make else 1):
        try:
            if make:
                path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            break
        except filelock.Timeout:
            raise UserError(
                f"another process is training in {path}: wait for it, stop it, "
                "or choose another --run-dir"
            ) from None
        except (FileNotFoundError, FileExistsError):  # removed by another start, just now
            continue
    else:
        raise UserError(f"{path} was removed by another start, or is no folder: start again")
    try:
        yield
    finally:
        lock.release()


def refuse_others(path):
    """A new run needs a folder of its own: an empty one, or what a killed start left."""
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise UserError(f"{path} is no folder: choose another --run-dir")
    except FileNotFoundError:
        return
    refuse_links_out(path)
    try:
        names = set(os.listdir(path))
    except FileNotFoundError:  # another start has just removed it
        return
    left = {name for name in names if re.fullmatch(r"\.config\.json\.\d+\.tmp", name)}
    # Asked for by itself: another start may have written it while the folder was listed.
    if names - left - {"run.lock"} and not (path / "config.json").exists():
        raise UserError(f"{path} is not empty and holds no run: choose another --run-dir")


def refuse_links_out(path):
    """A run that comes from somebody else must not make us read or write what is not in it."""
    whole = os.path.realpath(path)
    for folder, folders, files in os.walk(path):
        for found in (os.path.join(folder, name) for name in folders + files):
            if os.path.islink(found) and not Path(os.path.realpath(found)).is_relative_to(whole):
                raise UserError(
                    f"{found} is a link that leads out of the run: put there what it leads to "
                    "(the whole run may lie elsewhere, and be a link)"
                )
            with contextlib.suppress(FileNotFoundError):  # another process has just removed it
                facts = os.lstat(found)
                if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)
                        or stat.S_ISLNK(facts.st_mode)):  # fmt: skip
                    raise UserError(f"{found} is neither a file nor a folder: remove it")
                if os.path.basename(found) in APPENDED and facts.st_nlink > 1:
                    raise UserError(
                        f"{found} has a second name elsewhere (a hard link), and training would "
                        "write into both: copy the run instead"
                    )
