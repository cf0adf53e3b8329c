"""Exports a run as a SavedModel, text to text: python -m apps.translate.export RUN --out DIR."""

from apps.translate.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("translate", Config, __doc__)
    from apps.translate import pipeline
    from common.serving import export_search

    translator, _ = pipeline.load(run, without_cudnn=True)
    examples = run.examples()
    examples += ["", "\u0001 ☃ 你好"]
    beam = run.config.decoding.beam
    folder = export_search(translator, translator.translate, beam, "text", "text", examples, out)
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
