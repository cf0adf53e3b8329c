"""Import of TensorFlow without the log lines that it prints whatever its settings."""

import os

from .allocator import keep_freed_memory


def load_tensorflow():
    """Imports TensorFlow and Keras with stderr redirected, so that C++ logging is not printed;
    with TF_CPP_MIN_LOG_LEVEL at 0 or 1 it does nothing."""
    keep_freed_memory()  # takes effect only before there are threads
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") in ("0", "1"):
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        import keras  # noqa: F401
        import tensorflow as tf
        import tensorflow_text  # noqa: F401

        if "TF_CONFIG" not in os.environ:  # workers must connect before devices are initialised
            tf.config.list_logical_devices()  # complains about missing GPUs
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
