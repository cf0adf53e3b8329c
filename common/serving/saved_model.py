"""Writes a SavedModel and proves, in a fresh process without this project, that it agrees."""

import base64
import dataclasses
import inspect
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..errors import UserError

PREFIX = f".export-{platform.node()}-"  # of a folder that is being written

# Runs with `python -I` in an empty folder, so it cannot import anything of this project. The second
# pass is the graph-and-session loader, which is what `saved_model_cli` and TensorFlow Serving use:
# it finds variables that the first one forgives.
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


def export(module, signatures, inputs, out):
    """Saves `module` as OUT/VERSION/, the next free number, or leaves nothing and fails.

    Args:
        module: a tf.Module that holds the raw tf.Variables and the tokenizers (not a Keras model:
            TensorFlow Serving would not find its variables).
        signatures: name -> tf.function with an input signature, returning a dict of tensors.
        inputs: name of a signature -> (argument -> list of Python values): the cases on which the
            export must give the answers of this process. Strings may be bytes.

    Returns:
        the folder written.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        version = 1 + max((int(p.name) for p in out.iterdir() if p.name.isdigit()), default=0)
        _clear_up(out)
        temporary = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=out))
    except OSError as error:
        raise UserError(f"cannot write into {out}: {error.strerror}") from error
    try:
        # Concrete functions take their arguments by the names that the export gives them.
        signatures = {
            name: _of_any_rows(function, inputs.get(name)).get_concrete_function()
            for name, function in signatures.items()
        }
        tf.saved_model.save(module, str(temporary), signatures=signatures)
        expected = {}
        for name, arguments in inputs.items():
            outputs = signatures[name](**{key: tf.constant(v) for key, v in arguments.items()})
            expected[name] = {key: value.numpy() for key, value in outputs.items()}
        for loader, found in _answers(temporary, inputs).items():
            _compare(expected, found, loader)
        temporary.chmod(0o755)
        temporary.rename(out / str(version))
    except (tf.errors.OpError, OSError) as error:
        raise UserError(f"the export into {out} failed, nothing was left there: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return out / str(version)


def _of_any_rows(function, case):
    """A signature that takes an empty batch as well, which a server may pass on: the network then
    reads a row of the case, and nothing of what it says is handed out."""
    specs = function.input_signature
    rows = [spec.name for spec in specs if spec.shape.rank and spec.shape[0] is None]
    if not (rows and case):
        return function

    def served(*values):
        given = {spec.name: value for spec, value in zip(specs, values, strict=True)}
        nothing = tf.equal(tf.shape(given[rows[0]])[0], 0)
        for name in rows:
            value, some = given[name], tf.constant(case[name][:1], given[name].dtype)
            given[name] = tf.cond(nothing, lambda some=some: some, lambda value=value: value)
        found = function(*given.values())
        return {
            name: value[: tf.where(nothing, 0, tf.shape(value)[0])]
            if value.shape.rank and value.shape[0] is None
            else value
            for name, value in found.items()
        }

    names = [
        inspect.Parameter(spec.name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for spec in specs
    ]
    served.__signature__ = inspect.Signature(names)
    return tf.function(served, input_signature=specs, autograph=False)


def export_search(module, search, beam, argument, answer, examples, out):
    """`export` of what finds answers by a beam search, with two signatures of one string argument:
    `serving_default` gives the best answer and its score, `n_best` as many as the beam is wide.

    Args:
        search: traceable, (string `[n]`, BeamConfig) -> (texts `[n, n_best]`, scores, ...).
        beam: the BeamConfig.
        argument, answer: names of what goes in and comes out; of several answers with an s.
        examples: list of inputs on which the export must agree.
    """
    spec = tf.TensorSpec([None], tf.string, name=argument)

    @tf.function(input_signature=[spec])
    def serving_default(given):
        texts, scores, *_ = search(given, dataclasses.replace(beam, n_best=1))
        return {answer: texts[:, 0], "score": scores[:, 0]}

    @tf.function(input_signature=[spec])
    def n_best(given):
        texts, scores, *_ = search(given, dataclasses.replace(beam, n_best=beam.beam))
        return {f"{answer}s": texts, "scores": scores}

    signatures = {"serving_default": serving_default, "n_best": n_best}
    return export(module, signatures, dict.fromkeys(signatures, {argument: examples}), out)


def _clear_up(out):
    """Removes what exports from this machine left that were killed."""
    for path in out.glob(PREFIX + "*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except (ValueError, PermissionError):
            pass


def _answers(folder, inputs):
    with tempfile.TemporaryDirectory() as empty:
        cases, results = Path(empty, "cases.json"), Path(empty, "results.json")
        # Bytes that are no text, such as pictures, as TensorFlow Serving takes them.
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
            # The exception and what follows it, in one line: TensorFlow's messages have many.
            told = re.split(r"^(?=[\w.]+Error\b)", done.stderr, flags=re.MULTILINE)[-1]
            reason = " ".join(told.split())[:600] or "no message"
            raise UserError(f"the export does not run in a fresh process: {reason}")
        return json.loads(results.read_text())


def _compare(expected, found, loader):
    for name, outputs in expected.items():
        for key, value in outputs.items():
            other = np.asarray(found[name][key])
            if value.dtype == object:
                value = np.array([v.decode() for v in value.ravel()], object).reshape(value.shape)
            if value.dtype.kind == "f":
                equal = partial(np.allclose, rtol=1e-4, atol=1e-4)
            else:
                equal = np.array_equal
            nothing = value.size == other.size == 0  # whose shape JSON does not keep
            if not nothing and (value.shape != other.shape or not equal(value, other)):
                raise UserError(
                    f"the export's signature {name}, loaded by {loader}, gives another {key} than "
                    "the model in memory: this is a bug of the app, nothing was exported"
                )
