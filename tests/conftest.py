"""Configures all tests: quiet TensorFlow, no GPU, data sets in a session folder."""

import os

import pytest

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Runs the tests of a file, or of an app in tests/test_apps.py, in one process, so that they
    share fixtures; the apps of test_apps.py come last, small pieces that fill up both processes."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFileOrApp(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            return file + test.partition("[")[2] if file.endswith("test_apps.py") else file

    return ByFileOrApp(config, log)


@pytest.fixture(scope="session", autouse=True)
def tfds_folder(tmp_path_factory):
    """Keeps prepared data sets for the session, never in the user's own folder."""
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
