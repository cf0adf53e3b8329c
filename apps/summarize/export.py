"""Exports a run as a SavedModel, text to summary: python -m apps.summarize.export RUN --out DIR."""

from apps.summarize.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("summarize", Config, __doc__)
    from apps.summarize import pipeline
    from common.serving import export_search

    summarizer, _ = pipeline.load(run, without_cudnn=True)
    examples = run.examples()
    unseen = "The function frobnicate_xyz returns the zorkmid_count of a quux."
    examples += [unseen, "", "\u0001 ☃ 你好", f"{examples[0]}\f{unseen}\f"]
    beam = run.config.decoding.beam
    folder = export_search(summarizer, summarizer.summarize, beam, "text", "text", examples, out)
    commands.exported(folder, examples)


if __name__ == "__main__":
    run_main(main)
