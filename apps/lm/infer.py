"""Continues, scores or ranks text: python -m apps.lm.infer RUN [TEXT ...]; without TEXT, stdin."""

import json
import math
import sys
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from apps.lm.config import Config
from common.commands import numbered
from common.errors import UserError, run_main
from common.system.tensorflow import load_tensorflow
from data.readers import read_lines

BREAK = " / "  # a line break within an answer printed on one line


@dataclass
class Command:
    run: Annotated[str, tyro.conf.Positional]
    """Folder of the run, or `latest`."""
    text: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Beginnings to continue, or texts to score. Without any: standard input, line by line."""
    file: str = ""
    """Read lines from this file instead; also .gz."""
    score: bool = False
    """Print each text's log-probability (natural), its perplexity per token, the text, and the
    log-probability of each token, separated by tabs."""
    rank: bool = False
    """Read all texts and print them by log-probability, the most probable first."""
    form: Literal["", "quatrain5", "quatrain7"] = ""
    """Write a poem of four lines of five or seven characters; the text is its beginning."""
    acrostic: str = ""
    """Write a poem whose four lines begin with these characters (quatrain7 without --form)."""
    template: str = ""
    """Write this text and fill its slots, for example "In {place}, {n:1-2} people came": {place}
    takes one to three words, {n:1-2} one or two (with a character model, characters)."""
    max_tokens: int | None = None
    """Maximum length in tokens. None, here and in the next four options: the run's own."""
    lines: int | None = None
    """Stop after N lines; 0: only at max_tokens."""
    temperature: float | None = None
    """Below 1 safer, above 1 more varied; 0: always the most probable token."""
    top_k: int | None = None
    """Draw from the k most probable tokens only; 0: all."""
    top_p: float | None = None
    """Draw from the most probable tokens that together have this probability."""
    no_repeat: int = 0
    """Forbid repeated sequences of N tokens; 0: off."""
    number: int = 1
    """Write N texts for each input, with consecutive seeds."""
    best_of: int = 1
    """Draw N texts and print the one with the highest mean log-probability per token."""
    likeliest: bool = False
    """With a form: search for the most probable text instead of drawing. Templates always do so,
    unless --temperature is given."""
    seed: int = 1
    """The same seed and text give the same answer."""
    json: bool = False
    """Print one JSON object per line, in which texts keep their line breaks."""

    def check(self):
        if sum([self.score, self.rank, bool(self.form or self.acrostic), bool(self.template)]) > 1:
            raise UserError("choose one of --score, --rank, --form (or --acrostic), --template")
        if self.template and (self.text or self.file):
            raise UserError("--template is the whole text: leave TEXT and --file out")
        if self.temperature is not None and not 0 <= self.temperature < math.inf:
            raise UserError(f"--temperature is {self.temperature}: it must be 0 (greedy) or more")
        if not 0 <= self.seed <= 2**31 - 1 - self.number:
            raise UserError(f"--seed is {self.seed}: it must be from 0 to about 2,000,000,000")
        if self.max_tokens is not None and not 1 <= self.max_tokens <= 1_000_000:
            raise UserError("--max-tokens must be from 1 to 1,000,000")
        if self.likeliest and not (self.form or self.acrostic or self.template):
            raise UserError("--likeliest needs a form: --form, --acrostic or --template")
        if min(self.number, self.best_of) < 1:
            raise UserError("--number and --best-of must be at least 1")
        if min(self.lines or 0, self.no_repeat) < 0:
            raise UserError("--lines and --no-repeat must be 0 (off) or more")

    def options(self):
        names = ("temperature", "top_k", "top_p", "lines")
        given = {name: getattr(self, name) for name in names}
        return {
            "no_repeat_ngram": self.no_repeat,
            "best_of": self.best_of,
            "max_length": self.max_tokens,
            **{name: value for name, value in given.items() if value is not None},
        }


def main():
    command = tyro.cli(Command, prog="python -m apps.lm.infer", description=__doc__)
    command.check()
    parts = numbered(command.text, command.file, read_lines)
    if (command.template or command.acrostic) and not (command.text or command.file):
        parts = [(1, [""])]  # no input to read

    load_tensorflow()
    from apps.lm import pipeline
    from common.runs import Run

    run = Run.open(command.run, "lm", Config)
    writer, _ = pipeline.load(run, without_cudnn=True)
    if command.rank:
        texts = [text for _, part in parts for text in part]
        unknown_characters(writer, texts, 1)
        ranked = sorted(writer.scores(texts), key=lambda scored: -scored.total)
        for scored in ranked:
            show_score(command, scored)
        return
    for first, texts in parts:
        unknown_characters(writer, texts, first)
        if command.score:
            for scored in writer.scores(texts):
                show_score(command, scored)
        else:
            for text, written in zip(texts, answers(command, writer, texts), strict=True):
                show(command, text, written)
        sys.stdout.flush()


def answers(command, writer, texts):
    """For each text a list of `command.number` texts."""
    from apps.lm import forms

    options, number = command.options(), command.number
    seeds = list(range(command.seed, command.seed + number))
    if command.form or command.acrostic or command.template:
        made = [
            forms.template(writer.tokenizer, command.template)
            if command.template
            else forms.quatrain(
                writer.tokenizer, int((command.form or "quatrain7")[-1]), text, command.acrostic
            )
            for text in texts
        ]
        if command.likeliest or (command.template and command.temperature is None):
            return [writer.likeliest(form, number) for form in made]
        return [writer.write([""] * number, seeds, form=form, **options) for form in made]
    repeated = [text for text in texts for _ in range(number)]
    written = writer.write(repeated, seeds * len(texts), **options)
    return [written[n : n + number] for n in range(0, len(written), number)]


def show(command, text, written):
    for one in written:
        if command.json:
            print(json.dumps({"prompt": text, "text": one}, ensure_ascii=False))
        else:
            print(one.replace("\n", BREAK))


def show_score(command, scored):
    mean = scored.total / len(scored.tokens)
    if command.json:
        facts = {"log_probability": scored.total, "perplexity": math.exp(-mean)}
        tokens = [[token, value] for token, value in zip(*scored[1:], strict=True)]
        print(json.dumps({"text": scored.text, **facts, "tokens": tokens}, ensure_ascii=False))
        return
    each = " ".join(f"{t}:{v:.2f}" for t, v in zip(*scored[1:], strict=True))
    row = f"{scored.total:.4f}\t{math.exp(-mean):.2f}\t{scored.text}"
    print(row if command.rank else f"{row}\t{each}")


def unknown_characters(writer, texts, first):
    """Warns of texts, numbered from `first`, with characters that the model has never seen."""
    for number, text in enumerate(texts, start=first):
        if unknown := writer.unknown(text):
            shown = " ".join(unknown[:8]) + (" ..." if unknown[8:] else "")
            print(f"warning: text {number}: the model has never seen {shown}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
