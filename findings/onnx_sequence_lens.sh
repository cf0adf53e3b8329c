#!/usr/bin/env bash
# Belief: the sequence_lens input of ONNX LSTM, GRU and RNN works alike in every
#   runtime that takes the model, so padded batches are safe.
# Fact: onnxruntime stops each row at its length. The ReferenceEvaluator of the
#   onnx package ignores sequence_lens. OpenVINO's CPU plugin ignores it as soon
#   as the time or the batch dimension of X is dynamic, and obeys it when X has a
#   fixed shape. Nobody warns: padding runs through the cell, the last state and
#   the outputs past the end are wrong.
# Way out: onnxruntime; or reshape the OpenVINO model to a fixed shape first.
# Versions: onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, numpy 2.4.6
# Date: 2026-11-28
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"${PYTHON:-python3}" -m venv "$tmp/env"
"$tmp/env/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cd "$tmp"
HOME="$tmp" "$tmp/env/bin/python" - <<'PY'
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

TIME, BATCH, IN, HIDDEN = 6, 3, 4, 5
LENGTHS = np.array([6, 4, 2], np.int32)
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
rng = np.random.default_rng(7)


def weights(*shape):
    return (rng.standard_normal(shape) * 0.5).astype(np.float32)


def build(op, with_lengths, tensors):
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["time", "batch", IN])]
    names = ["X", "W", "R", "B"]
    if with_lengths:
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]))
        names.append("lengths")
    node = helper.make_node(op, names, ["", "last"], hidden_size=HIDDEN)
    output = helper.make_tensor_value_info("last", TensorProto.FLOAT, [1, "batch", HIDDEN])
    graph = helper.make_graph([node], op, inputs, [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def by_onnxruntime(model, feeds):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["last"], feeds)[0]


def by_openvino(model, feeds, shape):
    onnx.save(model, "model.onnx")
    core = openvino.Core()
    network = core.read_model("model.onnx")
    if shape:
        network.reshape({"X": shape, "lengths": [BATCH]})
    compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(feeds)["last"]


def far(a, b):
    return float(np.abs(a - b).max())


for op, gates in GATES.items():
    tensors = [
        numpy_helper.from_array(weights(1, gates * HIDDEN, IN), "W"),
        numpy_helper.from_array(weights(1, gates * HIDDEN, HIDDEN), "R"),
        numpy_helper.from_array(weights(1, 2 * gates * HIDDEN), "B"),
    ]
    x = weights(TIME, BATCH, IN) * 2
    plain, masked = build(op, False, tensors), build(op, True, tensors)
    # The truth: every row alone, cut to its length. No lengths are needed for that.
    truth = np.concatenate(
        [by_onnxruntime(plain, {"X": x[:n, [row]]}) for row, n in enumerate(LENGTHS)], axis=1)
    unmasked = by_onnxruntime(plain, {"X": x})
    feeds = {"X": x, "lengths": LENGTHS}
    answers = {
        "onnxruntime": by_onnxruntime(masked, feeds),
        "openvino, fixed shape": by_openvino(masked, feeds, [TIME, BATCH, IN]),
        "openvino, free shape": by_openvino(masked, feeds, None),
        "openvino, free batch": by_openvino(masked, feeds, [TIME, -1, IN]),
        "openvino, free time": by_openvino(masked, feeds, [-1, BATCH, IN]),
        "onnx reference": ReferenceEvaluator(masked).run(["last"], feeds)[0],
    }
    print(f"{op}: the last state, how far it is from")
    print(f"  {'':22} rows cut by hand   padding run through")
    for name, answer in answers.items():
        print(f"  {name:22} {far(answer, truth):16.6f} {far(answer, unmasked):21.6f}")
        obeys = name in ("onnxruntime", "openvino, fixed shape")
        assert far(answer, truth if obeys else unmasked) < 1e-5, (op, name)
        assert far(answer, unmasked if obeys else truth) > 0.01, (op, name)
print("As written above: only two of six ways obey sequence_lens.")
PY
