"""The commands of an app: what train, evaluate, infer and export share.

Stages of a training and of an export, command-line arguments, lines of input, and `compare_cells`,
the command that trains one preset with each recurrent cell. Nothing here imports TensorFlow before
a command line was read."""

from .arguments import parse_training, sampling, search_with
from .stages import Training, exported, exporting, training
from .text_input import numbered, print_list

__all__ = [
    "Training",
    "exported",
    "exporting",
    "numbered",
    "parse_training",
    "print_list",
    "sampling",
    "search_with",
    "training",
]
