#!/usr/bin/env bash
# Belief: a tf.Module that holds a Keras 3 model as an attribute owns its weights,
#   and a SavedModel that tf.saved_model.load reads is fit for serving.
# Fact: module.variables is empty (Keras 3 variables are no tf.Variable). The
#   SavedModel loads in Python with right answers, but in a session (the way of the
#   C++ loader, so of TensorFlow Serving) its first request fails with "Could not
#   find variable". tf.saved_model.save(keras_model) fails there in the same way.
# Way out: model.export(path), or also keep [v.value for v in model.variables] as
#   an attribute of the module.
# Versions: tensorflow 2.21.0, keras 3.15.1, numpy 2.4.6
# Date: 2026-11-28
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"${PYTHON:-python3}" -m venv "$tmp/env"
"$tmp/env/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 tensorflow==2.21.0 keras==3.15.1
cd "$tmp"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= KERAS_BACKEND=tensorflow KERAS_HOME="$tmp/keras" \
    "$tmp/env/bin/python" - <<'PY' 2>"$tmp/log" || { tail -n 20 "$tmp/log"; exit 1; }
import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(1)
SPEC = [tf.TensorSpec([None, 5, 2], tf.float32, name="x")]
x = np.random.default_rng(1).random((2, 5, 2), np.float32)
model = keras.Sequential([keras.Input([5, 2]), keras.layers.GRU(3)])
want = model(x).numpy()


class Holder(tf.Module):
    def __init__(self, model, keep_values):
        super().__init__()
        self.model = model
        if keep_values:
            self.values = [variable.value for variable in model.variables]

    @tf.function(input_signature=SPEC)
    def __call__(self, x):
        return self.model(x)


def in_python(path):
    signature = tf.saved_model.load(path).signatures["serving_default"]
    (answer,) = signature(tf.constant(x)).values()
    return np.allclose(answer, want, atol=1e-6)


def in_session(path):
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], path)
        signature = meta.signature_def["serving_default"]
        (source,), (target,) = signature.inputs.values(), signature.outputs.values()
        try:
            answer = session.run(target.name, {source.name: x})
        except tf.errors.FailedPreconditionError as error:
            assert "Could not find variable" in str(error)
            return "could not find variable"
        return np.allclose(answer, want, atol=1e-6)


plain, keeping = Holder(model, False), Holder(model, True)
print("variables: model", len(model.weights), "- module", len(plain.variables),
      "- module that keeps the values", len(keeping.variables))
assert len(plain.variables) == 0 and len(keeping.variables) >= len(model.weights)
for name, module in (("module", plain), ("module that keeps the values", keeping)):
    tf.saved_model.save(module, name, signatures={"serving_default": module.__call__})
call = tf.function(lambda x: model(x), input_signature=SPEC)
tf.saved_model.save(model, "keras model", signatures={"serving_default": call})
model.export("model.export", verbose=False)
for name in ("module", "keras model", "module that keeps the values", "model.export"):
    python, session = in_python(name), in_session(name)
    print(f"{name:30} right in Python: {python}, right in a session: {session}")
    assert python is True
    if name in ("module", "keras model"):
        assert session == "could not find variable", "it works now"
    else:
        assert session is True
print("As written above: it loads in Python and fails where it is served.")
PY
