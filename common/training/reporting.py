"""Reporting of a training: progress bar, metrics.jsonl, TensorBoard, and samples."""

import math
import sys
import time

import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LOG_EVERY = 50  # steps between rows of metrics.jsonl


class Progress:
    """Shows a progress bar on a terminal, else prints a line every `LOG_EVERY` steps, and writes
    measurements, TensorBoard scalars and samples into the run. A context manager.

    Args:
        run: the `Run`.
        total_steps: number of planned updates.
        position: the `Position`, which the trainer advances.
    """

    def __init__(self, run, total_steps, position):
        self.run, self.total, self.position = run, total_steps, position
        self.console = Console(file=sys.stdout, soft_wrap=True)
        self.writer = tf.summary.create_file_writer(str(run.path / "tensorboard"))
        self.bar = Bar(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} {task.fields[state]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._clear()

    def __enter__(self):
        self.bar.start()
        step, epoch = self.position.step, self.position.epoch + 1
        self.task = self.bar.add_task("", total=self.total, completed=step, epoch=epoch, state="")
        return self

    def __exit__(self, *_):
        self.bar.stop()
        self.writer.close()

    def _clear(self):
        self.loss = self.tokens = self.nll = self.norm = 0.0
        self.since = time.monotonic()

    def update(self, sums, rate):
        """Records an update.

        Args:
            sums: its `UpdateSums`.
            rate: its learning rate.
        """
        self.loss += float(sums.total)
        self.tokens += float(sums.tokens)
        self.nll += float(sums.nll)
        self.norm = max(self.norm, float(sums.norm))
        step = self.position.step
        loss, nll = self.loss / self.tokens, self.nll / self.tokens
        speed = self.tokens / (time.monotonic() - self.since)
        state = f"loss {loss:.3f}  {speed:,.0f} tokens/s"
        self.bar.update(self.task, completed=step, epoch=self.position.epoch + 1, state=state)
        if step % LOG_EVERY and step < self.total:
            return
        row = {
            "loss": round(loss, 5),
            "nll": round(nll, 5),
            "learning_rate": rate,
            "gradient_norm": round(self.norm, 4) if math.isfinite(self.norm) else None,
            "tokens_per_second": round(speed, 1),
            "seconds": round(time.monotonic() - self.position.started, 1),
        }
        self.run.log("train", step, **row)
        self._scalars("train", row)
        if self.bar.disable:
            left = row["seconds"] * (self.total - step) / step
            self.console.print(f"step {step}/{self.total}  {state}  {left / 60:.1f} min left")
        self._clear()

    def validated(self, scores, samples, better):
        """Records a validation.

        Args:
            scores: name -> value.
            samples: lines of text.
            better: whether it is the best so far.
        """
        step = self.position.step
        folder = self.run.path / "samples"
        folder.mkdir(exist_ok=True)
        (folder / f"step-{step:08d}.txt").write_text("\n".join(samples) + "\n", encoding="utf-8")
        row = {name: round(value, 5) for name, value in scores.items()}
        self.run.log("validation", step, **row)
        self._scalars("validation", row)
        text = "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
        self.console.print(
            f"epoch {self.position.epoch + 1}: {text}{'  (best so far)' if better else ''}"
        )
        for line in samples:
            self.console.print("  " + line, markup=False, highlight=False)
        self._clear()

    def _scalars(self, kind, row):
        with self.writer.as_default():
            for name, value in row.items():
                if value is not None:
                    tf.summary.scalar(f"{kind}/{name}", value, step=self.position.step)
