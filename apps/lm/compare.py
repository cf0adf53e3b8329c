"""Compares recurrent cells on language modelling with equal parameters and time."""

from apps.lm.config import PRESETS
from common.commands.compare_cells import Task, compare
from common.errors import run_main


def parameters(config):
    from apps.lm.model import LanguageModel

    return LanguageModel(config.model, config.tokenizer.vocab_size).count_params()


def main():
    compare(Task("lm", PRESETS, parameters, "perplexity", True))


if __name__ == "__main__":
    run_main(main)
