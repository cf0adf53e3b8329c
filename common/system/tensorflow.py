"""TensorFlow without the log lines that it writes past every setting while it is imported."""

import os

from .allocator import keep_freed_memory


def load_tensorflow():
    """Imports TensorFlow with stderr closed to its C++ logging, but for TF_CPP_MIN_LOG_LEVEL of 0
    or 1."""
    keep_freed_memory()  # of use only before there are threads
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") in ("0", "1"):
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        import keras  # noqa: F401
        import tensorflow as tf
        import tensorflow_text  # noqa: F401

        if "TF_CONFIG" not in os.environ:  # workers must meet before devices are made
            tf.config.list_logical_devices()  # complains about missing GPUs
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
