"""Compares recurrent cells on classification with equal parameters and time."""

from apps.classify.config import PRESETS
from common.commands.compare_cells import Task, compare
from common.errors import run_main


def parameters(config):
    from apps.classify.model import Classifier

    return Classifier(config.model, config.tokenizer.vocab_size, labels=2).count_params()


def main():
    compare(Task("classify", PRESETS, parameters, "accuracy", False, ("--no-baselines",)))


if __name__ == "__main__":
    run_main(main)
