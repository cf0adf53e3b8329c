"""Errors that a user can cause and mend: one line each, naming the cause and the cure."""

import os
import sys
import traceback
from collections.abc import Callable


class UserError(Exception):
    """Wrong input, a missing file, a full disk: what the message says is all there is to know."""

    for_users = True  # what `run_main` looks for; other packages mark their own errors by it


class ArgumentError(UserError, ValueError):
    """An argument of a layer or of a function of the library: a ValueError to those who call it."""

    # AutoGraph passes on only errors whose constructor is Exception's own; others lose their class.
    __init__ = Exception.__init__


def run_main(main: Callable[[], int | None]) -> None:
    """Runs a command: an error with `for_users` set is one line on stderr and exit code 2.

    With `--debug` on the command line the traceback is shown as well. An `OSError` (disk full,
    no permission) is the environment's fault, not the program's, and is reported the same way.
    """
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        code = main() or 0
    except BrokenPipeError:  # `... | head` has seen enough: not an error of ours
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
