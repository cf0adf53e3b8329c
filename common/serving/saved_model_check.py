"""Verification of an export: a fresh process without this project must give the same answers."""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import UserError

# Runs with `python -I` in an empty folder, so it cannot import this project. The second pass uses
# the graph-and-session loader, as do `saved_model_cli` and TensorFlow Serving: it detects missing
# variables that the first loader tolerates.
CHECK = """
import base64, json, os, sys
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf, tensorflow_text
folder, cases, results = sys.argv[1:]
raw = lambda d: base64.b64decode(d["b64"]) if "b64" in d else d
cases = json.load(open(cases), object_hook=raw)
found = {"load": {}, "session": {}}

def plain(value):
    value = np.asarray(value)
    if value.dtype.kind in "OS":
        return [plain(v) for v in value] if value.ndim else value.item().decode()
    return value.tolist()

loaded = tf.saved_model.load(folder)
for name, inputs in cases.items():
    inputs = {key: tf.constant(value) for key, value in inputs.items()}
    outputs = loaded.signatures[name](**inputs)
    found["load"][name] = {key: plain(value.numpy()) for key, value in outputs.items()}
with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    meta = tf.compat.v1.saved_model.load(session, ["serve"], folder)
    for name, inputs in cases.items():
        signature = meta.signature_def[name]
        feed = {signature.inputs[key].name: value for key, value in inputs.items()}
        fetch = {key: info.name for key, info in signature.outputs.items()}
        outputs = session.run(fetch, feed)
        found["session"][name] = {key: plain(value) for key, value in outputs.items()}
json.dump(found, open(results, "w"))
"""


def answers_of(folder, inputs):
    """Runs a SavedModel in a fresh process without this project.

    Args:
        folder: of the SavedModel.
        inputs: name of a signature -> (argument -> list of Python values).

    Returns:
        Loader ("load", "session") -> name of a signature -> (output -> nested list).

    Raises:
        UserError: the SavedModel does not run there.
    """
    with tempfile.TemporaryDirectory() as empty:
        cases, results = Path(empty, "cases.json"), Path(empty, "results.json")
        # Binary data, such as pictures, is encoded as for TensorFlow Serving.
        encoded = json.dumps(inputs, default=lambda raw: {"b64": base64.b64encode(raw).decode()})
        cases.write_text(encoded)
        done = subprocess.run(
            [sys.executable, "-I", "-c", CHECK, str(Path(folder).resolve()), cases, results],
            cwd=empty,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            # The last exception, joined into one line: TensorFlow's messages have many lines.
            told = re.split(r"^(?=[\w.]+Error\b)", done.stderr, flags=re.MULTILINE)[-1]
            reason = " ".join(told.split())[:600] or "no message"
            raise UserError(f"the export does not run in a fresh process: {reason}")
        return json.loads(results.read_text())


def compare_answers(expected, found, loader):
    """Compares the answers of one loader with those of this process.

    Floats may differ by 1e-4; all other values must be equal.

    Args:
        expected: name of a signature -> (output -> NumPy array).
        found: name of a signature -> (output -> nested list).
        loader: name of the loader, for the message.

    Raises:
        UserError: an answer differs.
    """
    for name, outputs in expected.items():
        for key, value in outputs.items():
            other = np.asarray(found[name][key])
            if value.dtype == object:
                value = np.array([v.decode() for v in value.ravel()], object).reshape(value.shape)
            if value.dtype.kind == "f":
                equal = partial(np.allclose, rtol=1e-4, atol=1e-4)
            else:
                equal = np.array_equal
            nothing = value.size == other.size == 0  # JSON does not preserve the shape
            if not nothing and (value.shape != other.shape or not equal(value, other)):
                raise UserError(
                    f"the signature {name} of the export, loaded by {loader}, gives another {key} "
                    "than the model in memory: this is a bug of the app, nothing was exported"
                )
