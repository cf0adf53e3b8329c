"""Compares recurrent cells on translation with equal parameters and time."""

from apps.translate.config import PRESETS
from common.commands.compare_cells import Task, compare
from common.errors import run_main


def parameters(config):
    from apps.translate.model import Translator

    return Translator(config.model, *[config.tokenizer.vocab_size] * 2).count_params()


def main():
    compare(Task("translate", PRESETS, parameters, "bleu", False))


if __name__ == "__main__":
    run_main(main)
