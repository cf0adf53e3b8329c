"""Shared by all tests: quiet TensorFlow, no GPU, data sets in a folder of the session."""

import os

import pytest

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


@pytest.fixture(scope="session", autouse=True)
def tfds_folder(tmp_path_factory):
    """Prepared data sets are kept for the session and never in the user's own folder."""
    folder = tmp_path_factory.mktemp("tfds")
    before = {name: os.environ.get(name) for name in ("TFDS_DATA_DIR", "RAW_DATA")}
    os.environ["TFDS_DATA_DIR"] = str(folder)
    os.environ.pop("RAW_DATA", None)
    yield folder
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
