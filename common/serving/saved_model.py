"""Export of SavedModels, verified in a fresh process without this project."""

import dataclasses
import inspect
import os
import platform
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf

from ..errors import UserError
from .saved_model_check import answers_of, compare_answers

PREFIX = f".export-{platform.node()}-"  # of an unfinished export's folder


def export(module, signatures, inputs, out):
    """Saves `module` as OUT/VERSION/, with the next free number, and verifies it.

    On failure nothing is left in the folder.

    Args:
        module: a tf.Module that holds the raw tf.Variables and the tokenizers (not a Keras model:
            TensorFlow Serving would not find its variables).
        signatures: name -> tf.function with an input signature, returning a dict of tensors.
        inputs: name of a signature -> (argument -> list of Python values), the inputs on which the
            export must give the answers of this process. Strings may be bytes.
        out: folder of the exported versions.

    Returns:
        The folder written.

    Raises:
        UserError: the folder cannot be written, or the export does not run or gives other answers.
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
        # Concrete functions take their arguments by the names used in the export.
        signatures = {
            name: _of_any_rows(function, inputs.get(name)).get_concrete_function()
            for name, function in signatures.items()
        }
        tf.saved_model.save(module, str(temporary), signatures=signatures)
        expected = {}
        for name, arguments in inputs.items():
            outputs = signatures[name](**{key: tf.constant(v) for key, v in arguments.items()})
            expected[name] = {key: value.numpy() for key, value in outputs.items()}
        for loader, found in answers_of(temporary, inputs).items():
            compare_answers(expected, found, loader)
        temporary.chmod(0o755)
        temporary.rename(out / str(version))
    except (tf.errors.OpError, OSError) as error:
        raise UserError(f"the export into {out} failed and left no files: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return out / str(version)


def _of_any_rows(function, case):
    """A signature that also accepts an empty batch, which a server may send: the network then reads
    a row of the test case, and its outputs are dropped.

    Args:
        function: tf.function with an input signature.
        case: argument -> list of Python values, or None.
    """
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
    """Exports a beam search with two signatures of one string argument: `serving_default` gives the
    best answer and its score, `n_best` all answers of the beam.

    Args:
        module: as in `export`.
        search: traceable, (string `[n]`, Beam) -> (texts `[n, n_best]`, scores, ...).
        beam: the `Beam`.
        argument: name of the input.
        answer: name of the output; of several answers with an s appended.
        examples: list of inputs on which the export is verified.
        out: as in `export`.

    Returns:
        The folder written.

    Raises:
        UserError: as in `export`.
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
    """Removes the files of exports on this machine that were killed."""
    for path in out.glob(PREFIX + "*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except (ValueError, PermissionError):
            pass
