"""Exports a run as a SavedModel, pinyin to text: python -m apps.pinyin.export RUN --out DIR."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from apps.pinyin.config import Config
from common.errors import run_main
from common.quiet import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    out: str = "exports/pinyin"
    """The model's folder; the export is the next free version number in it, at first OUT/1/."""


def main():
    command = tyro.cli(Command, prog="python -m apps.pinyin.export", description=__doc__)

    load_tensorflow()
    from apps.pinyin import pipeline
    from common.export import export_search
    from common.run import Run

    run = Run.open(command.run, "pinyin", Config)
    converter, _ = pipeline.load(run, without_cudnn=True)
    examples = (run.path / "examples.txt").read_text(encoding="utf-8").split("\n")[:-1]
    examples += ["woaibeijing", "Lǜsè de xi1 an1", "xi'an", "", "no pinyin, \u0001 ☃ 你好"]
    beam = run.config.decoding.beam
    folder = export_search(
        converter, converter.convert, beam, "text", "text", examples, command.out
    )
    print(f"{len(examples)} texts give the same answers in a fresh process, by both loaders")
    print(folder)


if __name__ == "__main__":
    run_main(main)
