"""Every cell of the registry and every switch, compared with numpy and with other forms."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.cells import CELL_NAMES
from common.errors import UserError
from common.layers import CELLS, CTRNN, LSTM, Stack, from_keras, keras_loop, recurrent, to_keras
from tests import reference

BATCH, TIME, DEPTH, UNITS = 3, 6, 4, 5
LENGTHS = np.array([6, 2, 4])
MASK = np.arange(TIME) < LENGTHS[:, None]
OPTIONS = {"return_sequences": True, "return_state": True}


def switched(cls, **switches):
    return partial(cls, UNITS, **OPTIONS, **switches)


def lstm_reference(**options):
    return lambda x, state, weights: reference.lstm_step(x, state, weights, **options)


def relu(x):
    return np.maximum(x, 0)


# name -> (function that makes the layer, its step in numpy)
LAYERS = {
    name: (partial(recurrent, name, UNITS), step)
    for name, step in reference.RECURRENT_STEPS.items()
} | {
    "layer_norm": (switched(LSTM, layer_norm=True), lstm_reference()),
    "proj_size": (switched(LSTM, proj_size=3), lstm_reference()),
    "cell_clip": (switched(LSTM, cell_clip=0.3), lstm_reference(clip=0.3)),
    "relu": (switched(LSTM, activation="relu"), lstm_reference(squash=relu)),
    "many switches": (
        switched(LSTM, peepholes="full", layer_norm=True, proj_size=3, cell_clip=1.0),
        lstm_reference(peepholes="full", clip=1.0),
    ),
    "fgr full": (
        switched(LSTM, peepholes="full", layer_norm=True, gate_recurrence=True),
        lstm_reference(peepholes="full"),
    ),
    "fgr cifg": (
        switched(LSTM, gate_recurrence=True, coupled_gates=True),
        lstm_reference(variant="cifg"),
    ),
}  # fmt: skip
for _solver in ("euler", "exponential", "heun", "rk4"):
    LAYERS[f"ctrnn {_solver}"] = (
        switched(CTRNN, solver=_solver, substeps=3, dt=0.7, tau=(0.5, 3)),
        lambda x, state, weights, solver=_solver: reference.ctrnn_step(
            x, state, weights, solver, 3, 0.7
        ),
    )


# Together they use every operation of the programs; compiling all cells would take minutes.
COMPILED = ("fgr full", "gru", "ctrnn")
SLOPES = (*COMPILED, "gru_reset_before", "many switches", "jordan", "ctrnn heun")


def randoms(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def built(name, **options):
    """A layer with random weights, biases and peepholes too, so that no zero hides a term."""
    layer = LAYERS[name][0](**options)
    layer.build((None, None, DEPTH))
    layer.set_weights([0.5 * randoms(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
    return layer


def first_states(layer, batch=BATCH):
    """Different states; gates are between 0 and 1."""
    return [
        tf.constant(randoms(batch, size, seed=n) if n < 2 else np.full([batch, size], n / 6, "f"))
        for n, size in enumerate(layer.state_size)
    ]


def close(a, b, tolerance=1e-5):
    tf.nest.map_structure(lambda x, y: np.testing.assert_allclose(x, y, tolerance, tolerance), a, b)


def gradients(layer, x, mask, states):
    """The results of a layer, and gradients of a loss of outputs and all last states, with
    different factors."""
    with tf.GradientTape() as tape:
        tensors = [tf.constant(x), *states]
        tape.watch(tensors)
        outputs, *final = layer(tensors[0], mask=mask, initial_state=tensors[1:])
        if mask is not None:
            outputs *= tf.cast(mask[:, ::-1] if layer.go_backwards else mask, tf.float32)[..., None]
        loss = tf.reduce_sum(outputs * randoms(*outputs.shape, seed=7))
        loss += sum(tf.reduce_sum(s * randoms(*s.shape, seed=8 + n)) for n, s in enumerate(final))
    variables = [v.value for v in layer.trainable_variables]
    return [outputs, *final], tape.gradient(loss, [*variables, *tensors])


def by_cell_loop(layer):
    """The same layer as Keras' loop over its cell, with automatic differentiation."""
    layer.kernel_fits = lambda: False
    return layer


def test_registry_has_the_names_that_help_lists():
    assert tuple(CELLS) == CELL_NAMES
    assert set(CELLS) == set(reference.RECURRENT_STEPS)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_a_loop_over_numpy_steps(name):
    layer, step = built(name), LAYERS[name][1]
    x, first = randoms(BATCH, TIME, DEPTH), first_states(layer)
    outputs, *final = layer(x, mask=MASK, initial_state=first)
    weights = {variable.name: variable.numpy() for variable in layer.weights}
    state = tuple(s.numpy() for s in first)
    for t in range(TIME):
        cell_output, cell_state = layer.cell(tf.constant(x[:, t]), [tf.constant(s) for s in state])
        output, new = step(x[:, t], state, weights)
        close(cell_output, output)
        close(list(tf.nest.flatten(cell_state)), list(new))
        valid = MASK[:, t, None]
        state = tuple(np.where(valid, a, b) for a, b in zip(new, state, strict=True))
        close(outputs[:, t] * valid, output * valid)
    close(final, list(state))


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("name", LAYERS)
def test_kernel_is_keras_loop_with_automatic_gradients(name, go_backwards):
    layer = built(name, go_backwards=go_backwards)
    assert layer.kernel_fits()
    x, states = randoms(BATCH, TIME, DEPTH), first_states(layer)
    mask = None if go_backwards else MASK
    results = gradients(layer, x, mask, states)
    close(results, gradients(by_cell_loop(layer), x, mask, states), 2e-5)
    named = zip([v.name for v in layer.trainable_variables], results[1], strict=False)
    for variable, gradient in named:
        assert np.abs(gradient).max() > 1e-3, variable


@pytest.mark.parametrize("activation", ["softmax", lambda x: tf.cumsum(x, axis=-1) / 9])
def test_activations_that_mix_units_use_keras_loop(activation):
    """The kernel, which takes units one by one, must leave them to Keras."""
    for name in ("lstm", "elman", "jordan"):
        layer = recurrent(name, UNITS, activation=activation)
        layer.build((None, None, DEPTH))
        assert not layer.kernel_fits()
        layer.set_weights([0.5 * randoms(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
        results = gradients(layer, randoms(BATCH, TIME, DEPTH), MASK, first_states(layer))
        assert all(np.isfinite(gradient).all() for gradient in results[1])
    with pytest.raises(UserError, match="a custom activation"):
        recurrent("elman", UNITS, activation=activation, recurrent_weight_dropout=0.1)


@pytest.mark.parametrize("name", SLOPES)
def test_gradients_are_slopes(name):
    """In float64: along a random direction of all weights, inputs and states at once."""
    layer = built(name, dtype="float64")
    x = tf.constant(randoms(BATCH, TIME, DEPTH, dtype=np.float64))
    states = [tf.cast(s, tf.float64) for s in first_states(layer)]
    variables = [v.value for v in layer.trainable_variables]
    points = [tf.identity(v) for v in variables]
    directions = [
        randoms(*p.shape, seed=20 + n, dtype=np.float64)
        for n, p in enumerate([*points, x, *states])
    ]

    @tf.function
    def loss(x, *states):
        outputs, *final = layer(x, mask=MASK, initial_state=list(states))
        outputs *= MASK[..., None].astype("float64")
        final = sum(tf.reduce_sum(tf.sin(s + 1)) for s in final)
        return (
            tf.reduce_sum(outputs * tf.cos(tf.range(1.0, TIME + 1, dtype="float64"))[:, None])
            + final
        )

    def moved(by):
        for variable, point, direction in zip(variables, points, directions, strict=False):
            variable.assign(point + by * direction)
        rest = zip([x, *states], directions[len(points) :], strict=True)
        return loss(*(tensor + by * direction for tensor, direction in rest)).numpy()

    slope = (8 * (moved(1e-4) - moved(-1e-4)) - moved(2e-4) + moved(-2e-4)) / 12e-4
    moved(0.0)
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        value = loss(x, *states)
    terms = tape.gradient(value, [*variables, x, *states])
    expected = sum(float(tf.reduce_sum(t * d)) for t, d in zip(terms, directions, strict=True))
    assert abs(slope - expected) < 1e-7 * max(1, abs(expected))


@pytest.mark.parametrize("name", LAYERS)
def test_two_halves_with_carried_state_are_the_whole(name):
    layer = built(name)
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    whole, *final = layer(x, mask=MASK)
    first, *state = layer(x[:, :3], mask=MASK[:, :3])
    second, *end = layer(x[:, 3:], mask=MASK[:, 3:], initial_state=state)
    close(tf.concat([first, second], 1) * MASK[..., None], whole * MASK[..., None])
    close(end, final)


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("name", ["lstm", "gru", "ctrnn"])
def test_a_long_sequence_equals_its_pieces(name, go_backwards, monkeypatch):
    layer, time = built(name, go_backwards=go_backwards), 77
    x, mask = randoms(BATCH, time, DEPTH), np.arange(time) < np.array([[77], [50], [3]])
    in_pieces = gradients(layer, x, tf.constant(mask), first_states(layer))
    monkeypatch.setattr(keras_loop, "pieces", lambda time: [(0, time)])
    whole = gradients(layer, x, tf.constant(mask), first_states(layer))
    close(in_pieces, whole, 1e-4)


def test_pieces_cover_all_steps():
    assert keras_loop.pieces(None) == [(0, None)] and keras_loop.pieces(49) == [(0, 49)]
    assert keras_loop.pieces(77) == [(0, 25), (25, 51), (51, 77)]
    assert len(keras_loop.pieces(2000)) == 8 and keras_loop.pieces(2000)[-1] == (1750, 2000)


@pytest.mark.parametrize("name", LAYERS)
def test_eager_graph_xla_agree_and_padding_is_inert(name):
    layer = built(name)
    variables = [v.value for v in layer.trainable_variables]

    def run(x, mask):
        with tf.GradientTape() as tape:
            outputs, *final = layer(x, mask=mask)
            outputs *= tf.cast(mask, tf.float32)[..., None]
            loss = tf.reduce_sum(outputs**2) + sum(tf.reduce_sum(s**3) for s in final)
        return outputs, final, tape.gradient(loss, variables)

    x, mask = randoms(BATCH, TIME, DEPTH), tf.constant(MASK)
    eager = run(tf.constant(x), mask)
    unknown = [tf.TensorSpec([None, None, DEPTH]), tf.TensorSpec([None, None], tf.bool)]
    graph = tf.function(run, input_signature=unknown)
    close(graph(x, mask), eager)
    if name in COMPILED:
        close(tf.function(run, jit_compile=True)(tf.constant(x), mask), eager)
    # Neither the contents nor the amount of padding changes anything.
    junk = np.where(MASK[..., None], x, 1e3).astype("float32")
    junk = np.concatenate([junk, np.full([BATCH, 3, DEPTH], -99, np.float32)], 1)
    longer = np.concatenate([MASK, np.zeros([BATCH, 3], bool)], 1)
    outputs, final, slopes = graph(junk, longer)
    close((outputs[:, :TIME], final, slopes), eager)
    for row, length in enumerate(LENGTHS):  # a row alone, without padding, gives the same
        close(layer(x[row : row + 1, :length])[0][0], eager[0][row, :length])


@pytest.mark.parametrize("name", ["peephole_lstm", "fgr", "gru_reset_before", "jordan", "ctrnn"])
def test_bidirectional_reads_both_ways(name):
    forward, backward = built(name), built(name, go_backwards=True)
    both = keras.layers.Bidirectional(LAYERS[name][0]())
    both.build((None, None, DEPTH))
    both.forward_layer.set_weights(forward.get_weights())
    both.backward_layer.set_weights(backward.get_weights())
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    outputs, *states = both(x, mask=MASK)
    one, *one_states = forward(x, mask=MASK)
    other, *other_states = backward(x, mask=MASK)
    valid = MASK[..., None]
    close(outputs * valid, tf.concat([one, other[:, ::-1]], -1) * valid)
    close(states, one_states + other_states)
    assert not outputs.numpy()[~MASK].any()  # Keras' Bidirectional needs zeros there


@pytest.mark.parametrize("name", LAYERS)
def test_layers_survive_their_config_and_keras_files(name, tmp_path):
    layer = LAYERS[name][0](recurrent_weight_dropout=0.25, dropout=0.5, name="rnn")
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.recurrent_weight_dropout == 0.25 and copy.cell.dropout == 0.5
    model = keras.Sequential([keras.Input([None, DEPTH]), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = randoms(BATCH, TIME, DEPTH)
    close(loaded(x), model(x), 0)
    assert type(loaded.layers[0]) is type(layer)


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_half_precision(name, policy):
    layer, exact = built(name, dtype=policy), built(name)
    dtype = layer.compute_dtype
    x, states = tf.cast(randoms(BATCH, TIME, DEPTH), dtype), first_states(layer)
    results = layer(x, mask=MASK, initial_state=[tf.cast(s, dtype) for s in states])
    _, stepped = layer.cell(x[:, 0], [tf.cast(s, dtype) for s in states])
    assert {t.dtype.name for t in tf.nest.flatten([results, stepped])} == {dtype}
    expected = list(exact(tf.cast(x, tf.float32), mask=MASK, initial_state=states))
    results = [tf.cast(r, tf.float32) for r in results]
    for tensors in (results, expected):
        tensors[0] *= MASK[..., None]
    close(results, list(expected), 0.1 if "bf" in policy else 0.02)


@pytest.mark.parametrize("name", LAYERS)
def test_weight_dropout_has_a_mask_per_training_call(name):
    layer = built(name, recurrent_weight_dropout=0.5)
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    close(layer(x), layer(x, training=False), 0)
    close(layer(x), built(name)(x), 0)
    drawn = layer(x, training=True)[0]
    assert np.abs(drawn - layer(x)[0]).max() > 1e-3
    assert np.abs(drawn - layer(x, training=True)[0]).max() > 1e-3
    same = layer(tf.repeat(x[:1], BATCH, 0), training=True)[0]
    close(same[0], same[1])


def test_weight_dropout_drops_and_scales_kernel_entries():
    """With the product of a single step, the output is h times the drawn kernel."""
    layer = recurrent("elman", UNITS, activation="linear", recurrent_weight_dropout=0.5)
    layer.build((None, None, DEPTH))
    zero = np.zeros([UNITS, 1, DEPTH], np.float32)
    kernel = layer.cell.recurrent_kernel.numpy()
    drawn = layer(zero, initial_state=[tf.eye(UNITS)], training=True)[0][:, 0].numpy()
    assert set(np.unique(np.round(drawn / kernel, 4))) == {0.0, 2.0}


def test_weight_dropout_refuses_what_it_cannot_do():
    for options in ({"unroll": True}, {"recurrent_dropout": 0.5}):
        with pytest.raises(UserError, match="neither with unroll nor with recurrent_dropout"):
            LSTM(UNITS, recurrent_weight_dropout=0.5, **options)
    with pytest.raises(UserError, match="is 1: it must be from 0 to below 1"):
        LSTM(UNITS, recurrent_weight_dropout=1)


@pytest.mark.parametrize("name", ["peephole_lstm", "jordan", "ctrnn"])
def test_dropouts_of_keras_are_drawn_in_training(name):
    x = tf.constant(randoms(BATCH, TIME, DEPTH))
    for option in ("dropout", "recurrent_dropout")[: 1 if name == "ctrnn" else 2]:
        layer = built(name, **{option: 0.5})
        close(layer(x), built(name)(x))
        assert np.abs(layer(x, training=True)[0] - layer(x)[0]).max() > 1e-3


@pytest.mark.parametrize("name", ["lstm", "gru", "ctrnn"])
def test_2000_steps_stay_finite(name):
    for dtype in ("float16", "float32"):
        layer = recurrent(name, UNITS, dtype=dtype)
        layer.build((None, None, DEPTH))
        x = tf.cast(randoms(2, 2000, DEPTH), dtype)

        @tf.function
        def run(x, layer=layer):
            with tf.GradientTape() as tape:
                outputs, *final = layer(x)
                loss = tf.reduce_mean(outputs[:, -10:])
            return outputs, final, tape.gradient(loss, [v.value for v in layer.trainable_variables])

        for tensor in tf.nest.flatten(run(x)):
            assert np.isfinite(tensor.numpy()).all()


def test_model_fit_with_masks_and_functional_models():
    tokens = np.random.default_rng(0).integers(1, 9, [64, 7])
    tokens[::2, 5:] = 0
    labels = (tokens == 3).any(1).astype("float32")
    inputs = keras.Input([None], dtype="int32")
    x = keras.layers.Embedding(9, 8, mask_zero=True)(inputs)
    x = recurrent("peephole_lstm", 8)(x)[0]
    x = keras.layers.Bidirectional(LSTM(8, coupled_gates=True))(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", jit_compile=True)
    assert model.jit_compile
    losses = model.fit(tokens, labels, epochs=3, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before", "elman"])
def test_weights_move_to_keras_and_back(name):
    ours, x = built(name), randoms(BATCH, TIME, DEPTH)
    theirs = to_keras(ours)
    assert type(theirs).__module__.startswith("keras.")
    again = from_keras(theirs)
    assert type(again) is type(ours)
    close(theirs(x), ours(x))
    close(again(x), ours(x), 0)


def test_a_stateful_layer_is_converted():
    layer = LSTM(UNITS, stateful=True)
    layer.build((BATCH, TIME, DEPTH))
    x = randoms(BATCH, TIME, DEPTH)
    theirs = to_keras(layer)
    again = from_keras(theirs)
    first, second = layer(x), layer(x)
    assert np.abs(first - second).max() > 1e-3
    for copy in (theirs, again):
        close(copy(x), first)
        close(copy(x), second)


@pytest.mark.parametrize("name", ["lstm", "full_peephole_lstm", "gru", "elman", "jordan", "ctrnn"])
def test_known_sizes_stay_known(name):
    """Otherwise a following TimeDistributed takes the batch for the time, and cuts it."""
    layer = built(name)

    @tf.function
    def run(x):
        outputs, *states = layer(x)
        assert outputs.shape == (BATCH, TIME, UNITS)
        assert all(state.shape == (BATCH, UNITS) for state in states)
        return outputs

    run(randoms(BATCH, TIME, DEPTH))
    layers = [recurrent(name, UNITS), keras.layers.TimeDistributed(keras.layers.Dense(2))]
    inputs = keras.Input((TIME, DEPTH))
    outputs, *_ = layers[0](inputs)
    model = keras.Model(inputs, layers[1](outputs))
    x = randoms(TIME + 2, TIME, DEPTH).astype("float32")
    found = model.predict(x, verbose=0)
    assert found.shape == (TIME + 2, TIME, 2)
    close(found, layers[1].layer(layers[0](x)[0]))


def test_what_keras_does_not_have_is_not_converted():
    for name in ("peephole_lstm", "jordan", "ctrnn"):
        with pytest.raises(UserError, match="Keras has no layer"):
            to_keras(recurrent(name, UNITS))
    with pytest.raises(UserError, match="cannot convert a Dense"):
        from_keras(keras.layers.Dense(2))


# --- switches --------------------------------------------------------------------------------


def test_zero_peepholes_are_the_plain_lstm():
    x = randoms(BATCH, TIME, DEPTH)
    plain = built("lstm")
    for peepholes in ("diagonal", "full"):
        layer = LSTM(UNITS, peepholes=peepholes, **OPTIONS)
        layer.build((None, None, DEPTH))
        layer.set_weights([*plain.get_weights(), 0 * layer.cell.peephole_kernel.numpy()])
        close(layer(x), plain(x))


@pytest.mark.parametrize(
    "name, count",
    {
        "lstm": 4 * (4 + 5 + 1) * 5, "np": 200, "peephole_lstm": 200 + 15,
        "full_peephole_lstm": 200 + 75, "nig": 150 + 10, "nfg": 160, "nog": 160, "niaf": 215,
        "noaf": 215, "cifg": 160, "fgr": 215 + 225, "gru": 3 * (4 + 5 + 2) * 5,
        "gru_reset_before": 150, "elman": 50, "jordan": 50 + 30, "ctrnn": 45 + 5 + 5,
    }.items(),
)  # fmt: skip
def test_parameter_counts(name, count):
    layer = recurrent(name, UNITS)
    layer.build((None, None, DEPTH))
    assert layer.count_params() == count


def test_forget_bias_starts_at_its_value():
    for options, value in [
        ({}, 1.0),
        ({"forget_bias": 3.0}, 3.0),
        ({"unit_forget_bias": False}, 0),
    ]:
        for peepholes in ("none", "diagonal"):
            layer = LSTM(UNITS, peepholes=peepholes, **options)
            layer.build((None, None, DEPTH))
            expected = np.zeros(4 * UNITS)
            expected[UNITS : 2 * UNITS] = value
            close(layer.cell.bias.numpy(), expected, 0)


@pytest.mark.parametrize(
    "switches, message",
    [
        ({"peepholes": "half"}, "'half'.*none, diagonal, full"),
        ({"coupled_gates": True, "forget_gate": False}, "needs both"),
        ({"cell_clip": 0.0}, "cell_clip is 0.0"),
        ({"proj_size": -1}, "proj_size is -1"),
    ],
)
def test_switches_that_mean_nothing(switches, message):
    with pytest.raises(UserError, match=message):
        LSTM(UNITS, **switches)


def test_every_cell_fits_a_stack():
    for name in CELLS:
        stack = Stack(2, UNITS, name, recurrent_weight_dropout=0.1)
        stack.build((None, None, DEPTH))
        x = tf.constant(randoms(BATCH, TIME, DEPTH))
        whole, final = stack(x)
        states = stack.zero_state(BATCH)
        for t in range(TIME):
            outputs, states = stack.step(x[:, t], states)
        close(outputs, whole[:, -1])
        close(states, final)


@pytest.mark.parametrize("name", ["lstm", "gru", "ctrnn"])
def test_only_the_state_may_have_a_batch_size(name):
    layer = recurrent(name, 4)
    layer.build((None, None, 3))

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3])])
    def gradient(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, initial_state=layer.get_initial_state(1))[0]
        return outputs, tape.gradient(outputs, inputs)

    inputs = tf.random.stateless_normal([1, 5, 3], [1, 2])
    outputs, slopes = gradient(inputs)
    np.testing.assert_allclose(outputs, layer(inputs)[0], atol=1e-6)
    assert slopes.shape == inputs.shape and np.abs(slopes).min() > 0


def test_a_last_state_may_be_looked_up():
    """The gradient of tf.gather is not a tensor, but rows with their indices."""
    layer = recurrent("lstm", 6)
    x, rows = tf.random.normal([3, 4, 5]), tf.constant([2, 0, 2])

    def gradient(pick):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(pick(layer(x)[1]) ** 2)
        return tape.gradient(total, x)

    by_one_hot = gradient(lambda h: tf.matmul(tf.one_hot(rows, 3), h))
    for call in (gradient, tf.function(gradient)):
        np.testing.assert_allclose(call(lambda h: tf.gather(h, rows)), by_one_hot, atol=1e-6)
