"""Training with several worker processes: TF_CONFIG, the chief, and a launcher for one machine.

    python -m common.workers 2 apps.translate.train tiny --run-dir runs/translate/x

On several machines start each worker with the same command and its own TF_CONFIG
(https://www.tensorflow.org/guide/distributed_training); the run folder must be shared by all.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time

from ..errors import UserError
from .signals import SIGNALS

PR_SET_PDEATHSIG = 1  # of prctl(2)
PATIENCE = 40  # seconds for the workers to notice that another worker is gone


def place() -> tuple[int, int]:
    """(index, count) of this process among the workers of TF_CONFIG; (0, 1) without TF_CONFIG.

    Index 0 is the chief, the only worker that writes into the run folder.

    Raises:
        UserError: TF_CONFIG is malformed.
    """
    if not (text := os.environ.get("TF_CONFIG")):
        return 0, 1
    try:
        config = json.loads(text)
        count = len(config["cluster"]["worker"])
        kind, index = config["task"]["type"], int(config["task"]["index"])
    except (ValueError, KeyError, TypeError):
        kind = index = count = None
    if kind != "worker" or not 0 <= index < count:
        raise UserError(
            'TF_CONFIG must be like {"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
            '"task": {"type": "worker", "index": 0}}; unset it to train in one process'
        )
    return index, count


def strategy():
    """MultiWorkerMirroredStrategy under TF_CONFIG, MirroredStrategy on several GPUs, else
    TensorFlow's default strategy. Must be called before TensorFlow computes anything.

    Raises:
        UserError: the workers cannot reach each other.
    """
    import tensorflow as tf

    if place()[1] > 1:
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except tf.errors.OpError as error:
            raise UserError(
                f"the workers cannot reach each other ({error.message}): check the addresses in "
                "TF_CONFIG"
            ) from error
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


class Team:
    """Communication between the workers of a training in addition to gradients.

    With a single worker nothing is communicated.
    """

    def __init__(self, strategy):
        import tensorflow as tf

        self.index, self.count = place()
        self.chief = self.index == 0
        self._strategy = strategy
        spec = tf.TensorSpec([None], tf.float32)
        self._gather = tf.function(self._gathered, input_signature=[spec])

    def any(self, *wishes: bool) -> list[bool]:
        """The logical or of each flag over all workers, so that all of them get the same answer."""
        if self.count == 1:
            return list(wishes)
        return [bool(found) for found in self._gather([float(w) for w in wishes]).numpy().any(0)]

    def check_same(self, step: int):
        """Raises UserError if the workers would resume from different checkpoints."""
        if self.count == 1:
            return
        steps = self._gather([float(step)]).numpy()[:, 0].astype(int).tolist()
        if len(set(steps)) > 1:
            raise UserError(
                f"the workers would resume at steps {steps}: --run-dir must be one folder "
                "that all of them share"
            )

    @contextlib.contextmanager
    def together(self):
        """Turns TensorFlow's errors about a lost worker into a `UserError`."""
        import tensorflow as tf

        gone = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
        gone += (tf.errors.DeadlineExceededError, tf.errors.InternalError)
        try:
            yield
        except gone as error:
            if self.count == 1:
                raise
            raise UserError(
                f"worker {self.index} lost another worker ({type(error).__name__}): start all of "
                "them again, the run resumes from its last checkpoint"
            ) from error

    def _gathered(self, values):
        import tensorflow as tf

        def run(values):
            return tf.distribute.get_replica_context().all_gather(values[None], axis=0)

        found = self._strategy.run(run, args=(values,))
        return self._strategy.experimental_local_results(found)[0]


def start(count, command) -> int:
    """Runs `command` as `count` workers on this machine.

    When a worker fails, the others are killed after `PATIENCE` seconds.

    Returns:
        The first nonzero exit code, else 0.
    """
    addresses = [f"localhost:{port}" for port in _free_ports(count)]
    processes = []
    for index in range(count):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(config)}
        # Each in a session of its own: Ctrl-C reaches it once, through `forward`.
        processes.append(
            subprocess.Popen(
                command, env=environment, start_new_session=True, preexec_fn=_end_with_parent
            )
        )

    def forward(number, _):
        for process in processes:
            process.send_signal(number)

    before = {
        number: signal.signal(number, forward)
        for number in SIGNALS
        if signal.getsignal(number) != signal.SIG_IGN
    }
    code, deadline = 0, None
    try:
        while any(process.poll() is None for process in processes):
            ended = [process.returncode for process in processes if process.poll() is not None]
            code = code or next((found for found in ended if found), 0)
            if code and deadline is None:
                deadline = time.monotonic() + PATIENCE
            if deadline and time.monotonic() > deadline:
                break
            time.sleep(0.2)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
    code = code or next((process.returncode for process in processes if process.returncode), 0)
    return code if code >= 0 else 128 - code


def _end_with_parent():
    """Has Linux send SIGTERM to this worker when its launcher dies, so that it saves and stops."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("localhost", 0))
        return [one.getsockname()[1] for one in sockets]


def main():
    """Runs `python -m common.workers`; returns the exit code."""
    if len(sys.argv) < 3 or not sys.argv[1].isdigit() or not int(sys.argv[1]):
        raise UserError("usage: python -m common.workers COUNT MODULE [ARGUMENTS]")
    return start(int(sys.argv[1]), [sys.executable, "-m", *sys.argv[2:]])
