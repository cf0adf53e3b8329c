"""Recurrent cells on music, with equal parameters."""

from apps.music.config import PRESETS
from common.commands.compare_cells import Task, compare
from common.errors import run_main


def parameters(config):
    from apps.music.model import make_model

    return make_model(config.model, 1).count_params()


def main():
    frames = {name: preset for name, preset in PRESETS.items() if preset.model.kind == "frames"}
    compare(Task("music", frames, parameters, "nll", True, ("--pieces", "0")))


if __name__ == "__main__":
    run_main(main)
