"""Layers and cells as a Keras user sees them: signatures, errors, masks, sequences of length 0."""

import inspect
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from common import layers
from common.layers import LSTM, CTRNNCell, JordanCell, LSTMCell, PeepholeLSTM, recurrent

BATCH, TIME, DEPTH, UNITS = 2, 5, 3, 4

# Our layer -> Keras' layer with the same arguments.
LAYERS = {
    "LSTM": keras.layers.LSTM,
    "PeepholeLSTM": keras.layers.LSTM,
    "GRU": keras.layers.GRU,
    "ElmanRNN": keras.layers.SimpleRNN,
    "JordanRNN": keras.layers.SimpleRNN,
    "CTRNN": keras.layers.SimpleRNN,
}
CELLS = {
    "LSTMCell": keras.layers.LSTMCell,
    "PeepholeLSTMCell": keras.layers.LSTMCell,
    "GRUCell": keras.layers.GRUCell,
    "ElmanCell": keras.layers.SimpleRNNCell,
    "JordanCell": keras.layers.SimpleRNNCell,
    "CTRNNCell": keras.layers.SimpleRNNCell,
}
LAYER_OF = dict(zip(CELLS, LAYERS, strict=True))


def randoms(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def with_random_weights(layer):
    layer.set_weights([0.5 * randoms(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
    return layer


def built(name, **options):
    layer = getattr(layers, name)(UNITS, **options)
    layer.build((None, None, DEPTH))
    return with_random_weights(layer)


def close(a, b, tolerance=1e-5):
    tf.nest.map_structure(lambda x, y: np.testing.assert_allclose(x, y, tolerance, tolerance), a, b)


# --- signatures ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS | CELLS)
def test_signature_begins_as_keras(name):
    ours = inspect.signature(getattr(layers, name)).parameters
    theirs = inspect.signature((LAYERS | CELLS)[name]).parameters
    positional = [p for p in ours.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in positional] == [n for n in theirs if n not in ("self", "kwargs")]
    own_defaults = {"activation": "sigmoid", "use_bias": False} if "CTRNN" in name else {}
    for parameter in positional:
        expected = own_defaults.get(parameter.name, theirs[parameter.name].default)
        assert parameter.default == expected, parameter.name
    others = [p for p in ours.values() if p.kind is not p.POSITIONAL_OR_KEYWORD]
    assert others[-1].kind is inspect.Parameter.VAR_KEYWORD
    assert all(p.kind is p.KEYWORD_ONLY for p in others[:-1])


@pytest.mark.parametrize("name", LAYERS | CELLS)
def test_docstring_tells_every_argument_in_order(name):
    cls = getattr(layers, name)
    text = inspect.getdoc(cls)
    arguments = text[text.index("Args:\n") : text.index("Call arguments:")]
    told = [
        argument
        for names in re.findall(r"^    (\w[\w, ]*):", arguments, re.M)
        for argument in names.split(", ")
    ]
    assert told == list(inspect.signature(cls).parameters)
    for part in ("Raises:", "ValueError", "Example:", ">>>", "Reference:"):
        assert part in text


@pytest.mark.parametrize("name", LAYERS | CELLS)
def test_example_of_the_docstring_runs(name):
    import doctest

    cls = getattr(layers, name)
    examples = doctest.DocTestParser().get_doctest(
        cls.__doc__, {"np": np, "keras": keras} | vars(layers), name, None, 0
    )
    assert examples.examples
    found = []
    doctest.DocTestRunner(verbose=False).run(examples, out=found.append)
    assert not found, "".join(found)


def test_arguments_by_place():
    assert LSTM(8, "relu").activation is keras.activations.relu
    layer = PeepholeLSTM(8, "relu", "hard_sigmoid", False)
    assert layer.recurrent_activation is keras.activations.hard_sigmoid and not layer.use_bias
    assert layer.cell.peepholes == "diagonal"
    assert layers.GRU(8, "elu").cell.activation is keras.activations.elu
    assert JordanCell(8, "linear", output_units=3).state_size == 3


@pytest.mark.parametrize(
    "name, options, message",
    [
        *((name, {"units": 0}, "units is 0: it must be a whole number") for name in LAYERS),
        *((name, {"units": 2.5}, "units is 2.5") for name in CELLS),
        ("LSTM", {"peepholes": "half"}, "'half'.*none, diagonal, full"),
        ("LSTM", {"use_cudnn": "never"}, "use_cudnn is 'never'"),
        ("GRU", {"recurrent_weight_dropout": 1}, "is 1: it must be from 0 to below 1"),
        ("JordanRNN", {"output_units": 0}, "output_units is 0"),
        ("CTRNN", {"solver": "verlet"}, "'verlet'.*euler, exponential, heun, rk4"),
        ("CTRNN", {"substeps": 1.5}, "substeps is 1.5"),
        ("LSTM", {"peephole": "full"}, "peephole"),  # no argument of this name
        ("LSTMCell", {"return_state": True}, "return_state"),
    ],
)
def test_wrong_arguments_are_value_errors(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(layers, name)(**{"units": UNITS} | options)


def test_wrong_names_and_inputs_are_value_errors():
    for wrong in (
        lambda: recurrent("lstn", UNITS),
        lambda: recurrent("lstm:cell_clip=0", UNITS),
        lambda: layers.to_keras(PeepholeLSTM(UNITS)),
        lambda: layers.from_keras(keras.layers.Dense(2)),
        lambda: layers.Attention("cosine"),
    ):
        with pytest.raises(ValueError):
            wrong()


# --- cells -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_cell_in_keras_rnn_is_the_layer(name, tmp_path):
    layer = built(LAYER_OF[name], return_sequences=True, return_state=True)
    rnn = keras.layers.RNN(
        getattr(layers, name)(UNITS), return_sequences=True, return_state=True, name="rnn"
    )
    x = randoms(BATCH, TIME, DEPTH)
    rnn(x)
    rnn.set_weights(layer.get_weights())
    close(list(rnn(x)), list(layer(x)))
    model = keras.Sequential([keras.Input([TIME, DEPTH]), rnn])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    close(list(loaded(x)), list(layer(x)))
    assert type(loaded.layers[0].cell) is getattr(layers, name)


@pytest.mark.parametrize("name", CELLS)
def test_cells_are_stacked(name):
    cells = [getattr(layers, name)(units) for units in (UNITS, UNITS + 1)]
    rnn = keras.layers.RNN(keras.layers.StackedRNNCells(cells), return_sequences=True)
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    found = rnn(x)
    for cell, units in zip(cells, (UNITS, UNITS + 1), strict=True):
        layer = getattr(layers, LAYER_OF[name])(units, return_sequences=True)
        layer.build(x.shape)
        layer.set_weights(cell.get_weights())
        x = layer(x)
    close(found, x)


def test_cell_in_a_bidirectional_rnn():
    rnn = keras.layers.RNN(layers.PeepholeLSTMCell(UNITS), return_sequences=True)
    both = keras.layers.Bidirectional(rnn)
    x = randoms(BATCH, TIME, DEPTH)
    both(x)
    with_random_weights(both)
    layer = PeepholeLSTM(UNITS, return_sequences=True, go_backwards=True)
    layer.build(x.shape)
    layer.set_weights(both.backward_layer.get_weights())
    close(both(x)[..., UNITS:], layer(x)[:, ::-1])


@pytest.mark.parametrize("name", CELLS)
def test_cell_survives_its_config(name):
    options = {
        "LSTMCell": {"peepholes": "full", "forget_bias": 2.0},
        "PeepholeLSTMCell": {"peepholes": "none"},
        "GRUCell": {"reset_after": False},
        "JordanCell": {"output_units": 2},
        "CTRNNCell": {"solver": "rk4", "tau": (1, 5)},
    }.get(name, {})
    cell = getattr(layers, name)(UNITS, "relu", dropout=0.25, **options)
    copy = type(cell).from_config(cell.get_config())
    assert copy.get_config() == cell.get_config()
    assert all(copy.get_config()[option] is not None for option in options)


def test_arguments_reach_the_cell_and_the_layer():
    layer = LSTM(
        UNITS,
        dtype="float64",
        trainable=False,
        name="rnn",
        seed=3,
        kernel_regularizer="l2",
        zero_output_for_mask=True,
        implementation=1,
    )
    assert layer.name == "rnn" and layer.cell.compute_dtype == "float64"
    assert not layer.cell.trainable and layer.cell.seed == 3 and layer.zero_output_for_mask
    assert layer.cell.implementation == 1
    assert isinstance(layer.cell.kernel_regularizer, keras.regularizers.L2)


def test_configurations_of_earlier_versions_load():
    """.keras files of LSTM, PeepholeLSTM and CTRNN from before their cells were public."""
    config = {
        "name": "rnn", "trainable": True, "dtype": "float32", "return_sequences": True,
        "return_state": False, "go_backwards": False, "stateful": False, "unroll": False,
        "zero_output_for_mask": False, "units": 4, "activation": "tanh",
        "recurrent_activation": "sigmoid", "use_bias": True, "kernel_initializer": "glorot_uniform",
        "recurrent_initializer": "orthogonal", "bias_initializer": "zeros",
        "unit_forget_bias": True, "kernel_regularizer": None, "recurrent_regularizer": None,
        "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None,
        "recurrent_constraint": None, "bias_constraint": None, "dropout": 0.0,
        "recurrent_dropout": 0.0, "seed": None,
    }  # fmt: skip
    switches = {"layer_norm": True, "cell_clip": 3.0, "recurrent_weight_dropout": 0.5}
    layer = LSTM.from_config(config | switches)
    assert layer.cell.layer_norm and layer.cell.cell_clip == 3.0
    assert PeepholeLSTM.from_config(config | {"peepholes": "full"}).cell.peepholes == "full"
    gated = ("recurrent_activation", "unit_forget_bias")
    plain = {name: value for name, value in config.items() if name not in gated}
    ctrnn = layers.CTRNN.from_config(plain | {"solver": "heun", "substeps": 2, "tau": [1, 5]})
    assert ctrnn.cell.solver == "heun" and ctrnn.cell.tau == [1, 5]
    for name in ("LSTM", "PeepholeLSTM"):  # names in files have this prefix
        assert keras.saving.get_registered_name(getattr(layers, name)) == f"rnn_suite>{name}"


def test_order_of_weights():
    """Checkpoints and .keras files store weights by position."""
    names = {
        name: [weight.name for weight in built(name, **options).weights]
        for name, options in {
            "LSTM": {"gate_recurrence": True, "layer_norm": True, "proj_size": 2},
            "PeepholeLSTM": {},
            "GRU": {},
            "ElmanRNN": {},
            "JordanRNN": {},
            "CTRNN": {"learn_initial_state": True},
        }.items()
    }
    first = ["kernel", "recurrent_kernel"]
    assert names == {
        "LSTM": [*first, "bias", "gate_kernel", "kernel_gain", "recurrent_gain", "cell_gain",
                 "cell_bias", "projection"],
        "PeepholeLSTM": [*first, "bias", "peephole_kernel"],
        "GRU": [*first, "bias"],
        "ElmanRNN": [*first, "bias"],
        "JordanRNN": [*first, "output_kernel", "bias", "output_bias"],
        "CTRNN": [*first, "theta", "log_tau", "initial_state"],
    }  # fmt: skip


# --- sequences of length 0 -------------------------------------------------------------------

EMPTY = np.zeros([BATCH, 0, DEPTH], "float32")
ANY_LENGTH = [tf.TensorSpec([None, None, DEPTH]), tf.TensorSpec([None, None], tf.bool)]


def states_of(layer):
    return [tf.constant(randoms(BATCH, n, seed=n + 1)) for n in layer.state_size]


CASES = [
    (name, backwards, how)
    for name in LAYERS
    for backwards in (False, True)
    for how in ("eager", "graph", "any length")
]
# Compiling all of them would take minutes.
CASES += [("PeepholeLSTM", False, "xla"), ("CTRNN", False, "xla")]


@pytest.mark.parametrize("name, backwards, how", CASES)
def test_a_sequence_of_length_0_leaves_the_state(name, backwards, how):
    layer = built(name, return_sequences=True, return_state=True, go_backwards=backwards)
    first = states_of(layer)

    def run(x, mask):
        with tf.GradientTape() as tape:
            tape.watch([x, *first])
            outputs, *last = layer(x, mask=mask, initial_state=first)
            loss = tf.reduce_sum(outputs) + sum(tf.reduce_sum(state**2) for state in last)
        sources = [x, first, [v.value for v in layer.trainable_variables]]
        return outputs, last, tape.gradient(loss, sources)

    if how != "eager":
        run = tf.function(
            run,
            input_signature=ANY_LENGTH if how == "any length" else None,
            jit_compile=how == "xla",
        )
    outputs, last, (d_x, d_first, d_weights) = run(tf.constant(EMPTY), tf.zeros([BATCH, 0], bool))
    assert outputs.shape == (BATCH, 0, UNITS) and d_x.shape == EMPTY.shape
    close(last, first, 0)
    close(d_first, [2 * state for state in first])
    for gradient in d_weights:
        assert gradient is not None and not np.any(gradient)


@pytest.mark.parametrize("name", LAYERS)
def test_length_0_in_the_other_ways_to_call(name):
    for options in ({}, {"unroll": True}, {"zero_output_for_mask": True}):
        layer = built(name, **options)
        first = states_of(layer)
        close(layer(EMPTY, initial_state=first), first[0], 0)  # the last output
        close(layer(EMPTY), np.zeros([BATCH, UNITS]), 0)
    layer = built(name, return_sequences=True, dropout=0.5)
    graph = tf.function(lambda x: layer(x, training=True), input_signature=ANY_LENGTH[:1])
    assert layer(EMPTY, training=True).shape == graph(EMPTY).shape == (BATCH, 0, UNITS)
    assert keras.layers.Bidirectional(layer)(EMPTY).shape == (BATCH, 0, 2 * UNITS)


def test_length_0_keeps_the_state_when_stateful():
    layer = LSTM(UNITS, stateful=True, return_state=True)
    layer.build((BATCH, None, DEPTH))
    output, *states = layer(randoms(BATCH, TIME, DEPTH))
    empty, *after = layer(EMPTY)
    close([empty, *after], [output, *states], 0)
    close(list(layer.states), states, 0)


def test_a_model_is_fitted_on_any_length():
    """In one function, as in model.fit; results equal those for a known length."""
    layer = built("PeepholeLSTM", return_sequences=True, zero_output_for_mask=True)
    graph = tf.function(lambda x, mask: layer(x, mask=mask), input_signature=ANY_LENGTH)
    for time in (0, 1, TIME):
        x, mask = randoms(BATCH, time, DEPTH), np.arange(time) < np.array([[1], [time]])
        close(graph(x, mask), layer(x, mask=mask), 1e-6)


# --- masks and forward mode ------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", [(BATCH, TIME + 1), (BATCH, TIME - 1), (1, TIME), (TIME,)])
def test_a_mask_of_another_shape_is_refused(name, shape):
    layer, x = built(name), tf.constant(randoms(BATCH, TIME, DEPTH))
    for call in (layer, tf.function(layer)):
        with pytest.raises(ValueError, match=r"the mask is .*: it must be \[batch, time\]"):
            call(x, mask=tf.ones(shape, bool))


@pytest.mark.parametrize("name", LAYERS)
def test_forward_mode(name):
    """In a graph and unrolled the slope is available; otherwise one line names these ways."""
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    direction = tf.constant(randoms(BATCH, TIME, DEPTH, seed=1))
    layer, unrolled = built(name), built(name, unroll=True)
    step = 1e-2
    slope = (layer(x + step * direction) - layer(x - step * direction)) / (2 * step)
    for call in (tf.function(layer), unrolled):
        with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
            outputs = call(x)
        close(accumulator.jvp(outputs), slope, 2e-3)
    with (
        pytest.raises(ValueError, match=r"tf\.function around it, or unroll=True"),
        tf.autodiff.ForwardAccumulator(x, direction),
    ):
        layer(x)


def test_forward_mode_reads_the_cell():
    cell = LSTMCell(UNITS, layer_norm=True)
    x, state = tf.constant(randoms(BATCH, DEPTH)), [tf.zeros([BATCH, UNITS])] * 2
    cell.build(x.shape)
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
        output, _ = cell(x, state)
    assert np.abs(accumulator.jvp(output)).max() > 1e-3


def test_ctrnn_cell_takes_step_lengths_as_last_column():
    cell = CTRNNCell(UNITS)
    cell.build((None, DEPTH))
    with_random_weights(cell)
    x, y = randoms(BATCH, DEPTH), [tf.constant(randoms(BATCH, UNITS))]
    timed = np.concatenate([x, np.full([BATCH, 1], 1.0, "float32")], 1)
    close(cell(timed, y)[0], cell(x, y)[0])
