"""Composes: python -m apps.music.infer RUN ["NOTES" ...]; without notes, standard input.

Notes such as "G4 A4 B4:2 -:1 | G3:4" (voices from high to low, lengths in quarters) are kept; the
other voices and the bars that follow are composed. An empty line composes everything.
"""

import sys
from dataclasses import dataclass, field
from typing import Annotated

import tyro

from apps.music.config import Config
from apps.music.request import Request
from common.commands import numbered
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Lines of notes, "" for none. Without any: standard input, one line in, one line out."""
    midi: str = ""
    """Harmonise the melody of this MIDI file (or continue its music) instead of notes."""
    out: str = ""
    """Write OUT.mid, OUT.png, OUT.musicxml (chorales) and OUT.wav, numbered if several."""
    takes: int = 1
    """Number of pieces for each line."""
    parallels: bool = False
    """voices: allow parallel fifths, octaves and unisons."""
    request: Annotated[Request, tyro.conf.arg(name="")] = field(default_factory=Request)


def main():
    command = tyro.cli(Command, prog="python -m apps.music.infer", description=__doc__)
    if command.takes < 1:
        raise UserError(f"--takes is {command.takes}: it must be at least 1")

    load_tensorflow()
    from apps.music import pipeline
    from apps.music.composer import Composer
    from apps.music.midi_input import read_midi
    from apps.music.output_files import write_files
    from common.runs import Run

    run = Run.open(command.run, "music", Config)
    composer = Composer(pipeline.load(run, parallels=command.parallels)[0])
    if command.midi and command.text:
        raise UserError("give either notes or --midi, not both")
    number = wrong = 0
    for first, lines in [(1, [None])] if command.midi else numbered(command.text):
        for line_number, line in enumerate(lines, first):
            request = command.request
            try:
                if line is None:
                    given, request = read_midi(command.midi, composer, request)
                else:
                    given = composer.read(line)
                composer.check(given)
                pieces = composer.compose(given, request, command.takes)
            except UserError as error:
                if line is None:
                    raise
                wrong += 1
                print(f"error: line {line_number}: {error}", file=sys.stderr)
                print()
                continue
            for piece in pieces:
                print(composer.text(piece))
                if command.out:
                    number += 1
                    many = command.takes > 1 or len(lines) > 1 or number > 1
                    name = f"{command.out}-{number}" if many else command.out
                    write_files(name, composer, piece, request)
        sys.stdout.flush()
    return 2 if wrong else 0


if __name__ == "__main__":
    run_main(main)
