"""Safe stops: a signal is recorded, and the training loop ends where it can save."""

import contextlib
import dataclasses
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclasses.dataclass
class Stop:
    """A context manager that records SIGTERM, SIGHUP (terminal closed; ignored under nohup) and
    Ctrl-C as a request to stop; a second Ctrl-C stops at once.

    Attributes:
        wanted: the name of the signal; "" while there was none.
    """

    wanted: str = ""
    before: dict = dataclasses.field(default_factory=dict)

    def __enter__(self):
        with contextlib.suppress(ValueError):  # only the main thread may set handlers
            for number in SIGNALS:
                if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
                    self.before[number] = signal.signal(number, self._handle)
        return self

    def _handle(self, number, _):
        if self.wanted and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.wanted = signal.Signals(number).name

    def __exit__(self, *_):
        for number, handler in self.before.items():
            signal.signal(number, handler)
