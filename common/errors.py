"""Errors that a user can cause and fix, reported in one line that names cause and cure."""

import os
import sys
import traceback
from collections.abc import Callable


class UserError(Exception):
    """Wrong input, a missing file, a full disk: the message alone suffices, without a traceback."""

    for_users = True  # checked by `run_main`; other packages set it on their own errors


class ArgumentError(UserError, ValueError):
    """An invalid argument of a layer or library function; callers can catch it as a ValueError."""

    # AutoGraph re-raises only errors with Exception's own constructor; others lose their class.
    __init__ = Exception.__init__


def run_main(main: Callable[[], int | None]) -> None:
    """Runs a command and exits; an error with `for_users` set is one line on stderr and code 2.

    With `--debug` on the command line the traceback is printed as well. An `OSError` (disk full,
    no permission) is caused by the environment and reported the same way.

    Args:
        main: the command; returns its exit code, or None for 0.
    """
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        code = main() or 0
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe: not an error
        code = 0
    except Exception as error:
        if not (getattr(error, "for_users", False) or isinstance(error, OSError)):
            raise
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        code = 130
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
