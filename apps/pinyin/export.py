"""Exports a run as a SavedModel, pinyin to text: python -m apps.pinyin.export RUN --out DIR."""

from apps.pinyin.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("pinyin", Config, __doc__)
    from apps.pinyin import pipeline
    from common.serving import export_search

    converter, _ = pipeline.load(run, without_cudnn=True)
    examples = run.examples()
    examples += ["woaibeijing", "Lǜsè de xi1 an1", "xi'an", "", "no pinyin, \u0001 ☃ 你好"]
    beam = run.config.decoding.beam
    folder = export_search(converter, converter.convert, beam, "text", "text", examples, out)
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
