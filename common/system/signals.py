"""Safe stops: a signal is noticed, and the training loop ends where it can save."""

import contextlib
import dataclasses
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclasses.dataclass
class Stop:
    """Set by SIGTERM, SIGHUP (the terminal was closed; not under nohup) and Ctrl-C; a second
    Ctrl-C stops at once."""

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
