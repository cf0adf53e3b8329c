"""Code shared by the commands train, evaluate, infer and export of the apps.

Offers the stages of a training and of an export, command-line parsing, reading of input lines, and
`compare_cells`, the command that trains one preset with each recurrent cell. TensorFlow is imported
only after the command line has been parsed."""

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
