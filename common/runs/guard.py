"""Protection of run folders: the lock, and the refusal of foreign folders and of outside links."""

import contextlib
import os
import re
import stat
from pathlib import Path

import filelock

from ..errors import UserError

RUN, START = "run.lock", "start.lock"  # held while training; while a folder is made or removed
APPENDED = ("metrics.jsonl", "starts.jsonl", RUN, START)  # files that are written in place
ATTEMPTS = 50  # to lock a folder that other starts create and remove


@contextlib.contextmanager
def locked(path, seconds=0, make=False, name=RUN):
    """Context manager that holds a lock of a run folder.

    Args:
        path: the folder.
        seconds: how long to wait for the lock.
        make: create the folder first, and again if another start removes it.
        name: `RUN` or `START`; who needs both takes `START` first.

    Raises:
        UserError: another process holds the lock, or has removed the folder.
    """
    lock = filelock.FileLock(path / name, timeout=seconds, poll_interval=0.02)
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
        except (FileNotFoundError, FileExistsError):  # just removed by another start
            continue
    else:
        raise UserError(f"{path} was removed by another start or is not a folder: start again")
    try:
        yield
    finally:
        lock.release()


def refuse_others(path):
    """Raises UserError unless a run can start in the folder.

    It must be missing, empty, left over from a killed start, or hold a run.
    """
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise UserError(f"{path} is not a folder: choose another --run-dir")
    except FileNotFoundError:
        return
    refuse_links_out(path)
    try:
        names = set(os.listdir(path))
    except FileNotFoundError:  # another start has just removed it
        return
    left = {name for name in names if re.fullmatch(r"\.config\.json\.\d+\.tmp", name)}
    # Checked separately: another start may have written it while the folder was listed.
    if names - left - {RUN, START} and not (path / "config.json").exists():
        raise UserError(f"{path} is not empty and holds no run: choose another --run-dir")


def refuse_links_out(path):
    """Raises UserError for links and special files that lead out of a run folder.

    A run from an untrusted source must not make the program read or write files outside of it.
    """
    whole = os.path.realpath(path)
    for folder, folders, files in os.walk(path):
        for found in (os.path.join(folder, name) for name in folders + files):
            if os.path.islink(found) and not Path(os.path.realpath(found)).is_relative_to(whole):
                raise UserError(
                    f"{found} is a link that leads out of the run: replace it by its target "
                    "(the run folder as a whole may be a link)"
                )
            with contextlib.suppress(FileNotFoundError):  # another process has just removed it
                facts = os.lstat(found)
                if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)
                        or stat.S_ISLNK(facts.st_mode)):  # fmt: skip
                    raise UserError(f"{found} is neither a file nor a folder: remove it")
                if os.path.basename(found) in APPENDED and facts.st_nlink > 1:
                    raise UserError(
                        f"{found} is a hard link, and training would write into its other file as "
                        "well: copy the run instead"
                    )
