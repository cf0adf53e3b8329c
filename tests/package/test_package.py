"""The package `rnn_suite` builds without a network, declares its requirements, and its layers run
with TensorFlow, Keras, NumPy and their requirements only."""

import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from common import __version__

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; a requirement of pytest there
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# The head of every process here: only the standard library, the wheel and packages in `allowed`
# can be imported.
BLOCKER = """
import sys

class Blocker:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}: it is blocked", name=name)

sys.meta_path.insert(0, Blocker)
sys.path.insert(0, {folder!r})
"""

TRAIN = """
import keras, numpy as np
from rnn_suite.layers import PeepholeLSTM
keras.utils.set_random_seed(1)
model = keras.Sequential([PeepholeLSTM(4), keras.layers.Dense(1)])
model.compile("adam", "mse", jit_compile=False)
x = np.random.default_rng(0).normal(size=[32, 6, 3]).astype("float32")
losses = model.fit(x, x[:, 0, :1], epochs=3, verbose=0).history["loss"]
assert losses[-1] < losses[0], losses
model.save("model.keras")
np.savez("results.npz", x=x, y=model(x))
"""

LOAD = """
import keras, numpy as np
import rnn_suite.layers
model = keras.saving.load_model("model.keras")
stored = np.load("results.npz")
np.testing.assert_allclose(model(stored["x"]), stored["y"], rtol=0, atol=1e-6)
assert type(model.layers[0]) is rnn_suite.layers.PeepholeLSTM
loaded = [name for name in ("tyro", "cattrs", "tensorflow_text", "common") if name in sys.modules]
assert not loaded, loaded
"""


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def closure(names):
    """Names of these distributions and of all their requirements, without extras."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needs = requires(name) or []
        except PackageNotFoundError:  # for another platform or Python
            continue
        waiting += [name_of(need) for need in needs if "extra ==" not in need]
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy, so that the repository is not written to."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "common", source / "common", ignore=shutil.ignore_patterns("__pycache__")
    )
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = (source / "dist").glob("*.whl")
    return path


def test_wheel_has_all_of_common_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"rnn_suite-{__version__}.dist-info/"
    modules = {name for name in names if not name.startswith(info)}
    files = [*(ROOT / "common").rglob("*.py"), ROOT / "common" / "py.typed"]
    expected = {"rnn_suite/" + path.relative_to(ROOT / "common").as_posix() for path in files}
    assert modules == expected
    assert info + "licenses/LICENSE" in names
    metadata = zipfile.ZipFile(wheel).read(info + "METADATA").decode()
    for line in (
        "License-Expression: MIT",
        "Requires-Python: <3.14,>=3.10",
        "Provides-Extra: apps",
        "Description-Content-Type: text/markdown",
    ):
        assert line in metadata.splitlines()


@pytest.fixture(scope="module")
def run(wheel, tmp_path_factory):
    """Runs Python source with the wheel in an isolated process, with `allowed` packages only."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder / "site")  # a pure-Python wheel needs no more
    allowed = closure(name_of(need) for need in PROJECT["project"]["dependencies"])
    blocked = {
        module
        for module, packages in packages_distributions().items()
        if not {name_of(package) for package in packages} & allowed
    } | {"common", "apps", "data", "tests"}
    assert {"tyro", "cattrs", "tensorflow_text", "sentencepiece", "filelock"} <= blocked
    head = BLOCKER.format(blocked=blocked, folder=str(folder / "site"))

    def run(text):
        command = [sys.executable, "-I", "-c", head + text]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True)

    return run


def test_a_model_loads_in_another_process(run):
    for text in (TRAIN, LOAD):
        done = run(text)
        assert done.returncode == 0, done.stderr


def test_what_is_not_installed_is_out_of_reach(run):
    """Shows that the test above can fail."""
    done = run("import tyro")
    assert done.returncode and "it is blocked" in done.stderr


def test_importing_the_package_imports_nothing(run):
    done = run(
        "before = set(sys.modules)\nimport rnn_suite\n"
        "assert set(sys.modules) - before == {'rnn_suite'}, set(sys.modules) - before\n"
        f"assert rnn_suite.__version__ == {__version__!r}"
    )
    assert done.returncode == 0, done.stderr


def test_ranges_are_those_of_the_requirements():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {line.partition("#")[0].strip() for line in lines}
    project = PROJECT["project"]
    for needs in (project["dependencies"], *project["optional-dependencies"].values()):
        assert set(needs) <= listed
    assert set(PROJECT["build-system"]["requires"]) <= listed


def test_every_room_is_packaged():
    rooms = {path.parent.name for path in (ROOT / "common").glob("*/__init__.py")}
    packages = {"rnn_suite", *(f"rnn_suite.{room}" for room in rooms)}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages
