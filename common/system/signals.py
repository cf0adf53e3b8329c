"""Safe stops: a signal is noticed, and the training loop ends where it can save."""

import contextlib
import dataclasses
import signal


@dataclasses.dataclass
class Stop:
    """Set by SIGTERM and Ctrl-C; a second Ctrl-C stops at once."""

    wanted: str = ""
    before: dict = dataclasses.field(default_factory=dict)

    def __enter__(self):
        with contextlib.suppress(ValueError):  # only the main thread may set handlers
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self._handle)
        return self

    def _handle(self, number, _):
        if self.wanted and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.wanted = signal.Signals(number).name

    def __exit__(self, *_):
        for number, handler in self.before.items():
            signal.signal(number, handler)
