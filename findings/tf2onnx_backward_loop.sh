#!/usr/bin/env bash
# Belief: TensorArray.write(i, value) in a tf.while_loop puts the value at index i,
#   in the ONNX model of tf2onnx too.
# Fact: tf2onnx drops the index and lists the values in the order of the writes.
#   A loop that runs back in time (T-1 down to 0, a hand-written backward RNN)
#   converts without an error, and its outputs come out with time reversed.
# Way out: loop upwards between two tf.reverse (Keras' own layers do so).
# Versions: tensorflow 2.21.0, tf2onnx 1.17.0, onnx 1.23.2, onnxruntime 1.32.0,
#   numpy 2.4.6
# Date: 2026-11-28
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"${PYTHON:-python3}" -m venv "$tmp/env"
"$tmp/env/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0
cd "$tmp"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= "$tmp/env/bin/python" - <<'PY' 2>"$tmp/log" || { tail -n 20 "$tmp/log"; exit 1; }
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx


def step(state, value):
    return tf.tanh(0.5 * state + value)


def downward(x):
    """The states of a small RNN that reads from the end to the start."""
    count = tf.shape(x)[0]
    states = tf.TensorArray(tf.float32, size=count, element_shape=[1])

    def body(i, state, states):
        state = step(state, x[i])
        return i - 1, state, states.write(i, state)

    start = (count - 1, tf.zeros([1]), states)
    return tf.while_loop(lambda i, *_: i >= 0, body, start)[2].stack()


def reversed_upward(x):
    """The same states; the loop itself goes up."""
    count = tf.shape(x)[0]
    states = tf.TensorArray(tf.float32, size=count, element_shape=[1])
    x = tf.reverse(x, [0])

    def body(i, state, states):
        state = step(state, x[i])
        return i + 1, state, states.write(i, state)

    start = (0, tf.zeros([1]), states)
    return tf.reverse(tf.while_loop(lambda i, *_: i < count, body, start)[2].stack(), [0])


def both(function, x):
    spec = [tf.TensorSpec([None, 1], tf.float32, name="x")]
    function = tf.function(function, input_signature=spec)
    model, _ = tf2onnx.convert.from_function(function, input_signature=spec, opset=17)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    return function(x).numpy(), session.run(None, {"x": x})[0]


x = np.array([[0.1], [0.9], [-0.4], [0.3], [0.7]], np.float32)
for function in (downward, reversed_upward):
    tensorflow, onnx = both(function, x)
    print(function.__name__)
    for name, states in (("tensorflow", tensorflow), ("onnx", onnx)):
        print(f"  {name:10}", *(f"{state:6.3f}" for state in states.ravel()))
    if function is downward:
        assert np.abs(onnx - tensorflow).max() > 0.1, "the downward loop is right now"
        assert np.allclose(onnx, tensorflow[::-1], atol=1e-6), "wrong, but otherwise"
    else:
        assert np.allclose(onnx, tensorflow, atol=1e-6), "the upward loop is wrong too"
print("As written above: the downward loop comes out with time reversed.")
PY
