"""Exports a run as a SavedModel, notes to notes: python -m apps.music.export RUN --out DIR."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.music.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    out: str = "exports/music"
    """The model's folder; the export is the next free version number in it, at first OUT/1/."""


def main():
    command = tyro.cli(Command, prog="python -m apps.music.export", description=__doc__)

    load_tensorflow()
    from apps.music import pipeline, signatures
    from apps.music.composer import Composer
    from common.export import export
    from common.run import Run

    run = Run.open(command.run, "music", Config)
    made, _ = pipeline.load(run, without_cudnn=True)
    lines = (run.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]
    functions, cases = signatures.of(Composer(made), lines)
    folder = export(made, functions, cases, command.out)
    print(
        f"{len(lines)} pieces are the same in a fresh process, by both loaders; "
        f"signatures: {', '.join(functions)}"
    )
    print(folder)


if __name__ == "__main__":
    run_main(main)
