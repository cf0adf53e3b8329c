"""Exports a run as a SavedModel, notes to notes: python -m apps.music.export RUN --out DIR."""

from apps.music.config import Config
from common import commands
from common.errors import run_main


def main():
    run, out = commands.exporting("music", Config, __doc__)
    from apps.music import pipeline
    from apps.music.composer import Composer
    from apps.music.export_signatures import export_signatures
    from common.serving import export

    made, _ = pipeline.load(run, without_cudnn=True)
    lines = run.examples()
    functions, cases = export_signatures(Composer(made), lines)
    folder = export(made, functions, cases, out)
    print(
        f"{len(lines)} pieces are the same in a fresh process, by both loaders; "
        f"signatures: {', '.join(functions)}"
    )
    print(folder)


if __name__ == "__main__":
    run_main(main)
