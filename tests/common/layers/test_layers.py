"""Layers compared with Keras, with numpy, and with themselves in another form."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.errors import UserError
from common.layers import LSTM, Attention, AttentionDecoder, Embedding, Stack, recurrent
from common.layers.attention import SCORES
from tests import reference

BATCH, TIME, DEPTH, UNITS, SOURCE = 3, 6, 4, 5, 7
LENGTHS = np.array([6, 2, 4])
SOME = ("lstm", "fgr", "gru", "elman", "ctrnn")  # test_recurrent.py has every cell
MASK = np.arange(TIME) < LENGTHS[:, None]


def randoms(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def randomise(layer, seed=0):
    """Random weights, biases too, so that no zero hides a term."""
    layer.set_weights([0.5 * randoms(*w.shape, seed=seed + n) for n, w in enumerate(layer.weights)])
    return layer


def close(a, b, tolerance=1e-5):
    tf.nest.map_structure(lambda x, y: np.testing.assert_allclose(x, y, 0, tolerance), a, b)


def lstm_pair(bidirectional=False, **options):
    """Our layer and Keras', with the same weights."""
    options = {"return_sequences": True, "return_state": True, **options}
    ours, theirs = LSTM(UNITS, **options), keras.layers.LSTM(UNITS, use_cudnn=False, **options)
    if bidirectional:
        ours, theirs = keras.layers.Bidirectional(ours), keras.layers.Bidirectional(theirs)
    for layer in (ours, theirs):
        layer.build((None, None, DEPTH))
    randomise(ours)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def run_with_gradients(layer, x, mask, states):
    """(valid outputs, states) and gradients of a loss of outputs and final states, with different
    factors."""
    with tf.GradientTape() as tape:
        tensors = [tf.constant(x), *(tf.constant(s) for s in states)]
        tape.watch(tensors)
        outputs, *final = layer(tensors[0], mask=mask, initial_state=tensors[1:] or None)
        if mask is not None:
            reverse = getattr(layer, "go_backwards", False)  # outputs come last step first
            outputs *= (mask[:, ::-1] if reverse else mask)[..., None].astype("float32")
        loss = tf.reduce_sum(outputs * randoms(*outputs.shape, seed=7))
        loss += sum(tf.reduce_sum(s * randoms(*s.shape, seed=8 + n)) for n, s in enumerate(final))
    return [outputs, *final], tape.gradient(loss, [*layer.trainable_variables, *tensors])


# --- LSTM ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("with_state", [False, True], ids=["from zero", "from a state"])
def test_lstm_is_keras_lstm(mask, go_backwards, with_state):
    ours, theirs = lstm_pair(go_backwards=go_backwards)
    assert ours.kernel_fits()
    states = [randoms(BATCH, UNITS, seed=s) for s in (1, 2)] if with_state else []
    x = randoms(BATCH, TIME, DEPTH)
    results = [run_with_gradients(layer, x, mask, states) for layer in (ours, theirs)]
    close(*results)
    assert all(np.abs(gradient).max() > 1e-3 for gradient in results[0][1])


@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
def test_bidirectional_lstm_is_keras_lstm(mask):
    ours, theirs = lstm_pair(bidirectional=True)
    states = [randoms(BATCH, UNITS, seed=s) for s in range(4)]
    x = randoms(BATCH, TIME, DEPTH)
    close(*(run_with_gradients(layer, x, mask, states) for layer in (ours, theirs)))


@pytest.mark.parametrize(
    "options",
    [
        {"return_state": False, "return_sequences": False},
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"use_bias": False},
        {"unroll": True},
        {"zero_output_for_mask": True},
        {"dropout": 0.5},
        {"recurrent_dropout": 0.5},
    ],
    ids=str,
)
def test_lstm_takes_every_option_of_keras(options):
    ours, theirs = lstm_pair(**options)
    x = randoms(BATCH, TIME, DEPTH)
    close(ours(x, mask=MASK), theirs(x, mask=MASK))


def test_lstm_dropout_is_drawn_in_training():
    ours, _ = lstm_pair(dropout=0.5)
    x = randoms(BATCH, TIME, DEPTH)
    assert np.abs(ours(x, training=True)[0] - ours(x)[0]).max() > 1e-3


@pytest.mark.parametrize("cell", SOME)
def test_two_halves_with_carried_state_are_the_whole(cell):
    stack = Stack(3, UNITS, cell)
    stack.build((None, None, DEPTH))
    randomise(stack)
    x = randoms(BATCH, TIME, DEPTH)
    whole, final = stack(x, mask=MASK)
    first, state = stack(x[:, :3], mask=MASK[:, :3])
    second, end = stack(x[:, 3:], mask=MASK[:, 3:], states=state)
    close(tf.concat([first, second], 1) * MASK[..., None], whole * MASK[..., None])
    close(end, final)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", SOME)
def test_padding_is_inert(cell, bidirectional):
    """Neither the contents nor the amount of padding changes a valid step."""
    stack = Stack(3, UNITS, cell, bidirectional)
    stack.build((None, None, DEPTH))
    randomise(stack)
    x = randoms(BATCH, TIME, DEPTH)
    outputs, states = stack(x, mask=MASK)
    junk = np.where(MASK[..., None], x, 1e3).astype("float32")
    junk = np.concatenate([junk, np.full([BATCH, 3, DEPTH], -99, np.float32)], 1)
    longer = np.concatenate([MASK, np.zeros([BATCH, 3], bool)], 1)
    padded, padded_states = stack(junk, mask=longer)
    close(padded[:, :TIME] * MASK[..., None], outputs * MASK[..., None])
    close(padded_states, states)
    for row, length in enumerate(LENGTHS):  # a row alone, without padding, gives the same
        alone, _ = stack(x[row : row + 1, :length])
        close(alone[0], outputs[row, :length])


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
def test_lstm_is_the_same_eager_graph_xla(go_backwards):
    layer, _ = lstm_pair(go_backwards=go_backwards)
    x, mask = tf.constant(randoms(BATCH, TIME, DEPTH)), tf.constant(MASK)

    def run(x, mask):
        with tf.GradientTape() as tape:
            outputs, h, c = layer(x, mask=mask)
            loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(h * c)
        return outputs, h, c, tape.gradient(loss, [v.value for v in layer.trainable_variables])

    unknown = [tf.TensorSpec([None, None, DEPTH]), tf.TensorSpec([None, None], tf.bool)]
    eager = run(x, mask)
    close(tf.function(run, input_signature=unknown)(x, mask), eager)
    close(tf.function(run, jit_compile=True)(x, mask), eager)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_lstm_survives_keras_files(tmp_path, bidirectional):
    rnn = LSTM(UNITS, return_sequences=True, go_backwards=not bidirectional)
    layer = keras.layers.Bidirectional(rnn) if bidirectional else rnn
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert type(copy.forward_layer if bidirectional else copy) is LSTM
    model = keras.Sequential([keras.Input([None, DEPTH]), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = randoms(BATCH, TIME, DEPTH)
    close(loaded(x), model(x), 0)
    assert type(loaded.layers[0]) is type(layer)


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("cell", SOME)
def test_states_have_the_compute_type(cell, policy):
    stack = Stack(2, UNITS, cell, dtype=policy)
    dtype = keras.DTypePolicy(policy).compute_dtype
    stack.rnns = [recurrent(cell, UNITS, dtype=policy) for _ in stack.rnns]
    stack.build((None, None, DEPTH))
    x = tf.cast(randoms(BATCH, TIME, DEPTH), dtype)
    outputs, states = stack(x, mask=MASK)
    again, final = stack(x, mask=MASK, states=states)
    _, stepped = stack.step(x[:, 0], states)
    types = {t.dtype.name for t in tf.nest.flatten([outputs, states, again, final, stepped])}
    assert types == {dtype}
    exact = Stack(2, UNITS, cell)
    exact.build((None, None, DEPTH))
    for rnn, twin in zip(stack.rnns, exact.rnns, strict=True):
        twin.set_weights(rnn.get_weights())
    valid = MASK[..., None]
    close(tf.cast(outputs, "float32") * valid, exact(x, mask=MASK)[0] * valid, 0.03)


# --- Stack -----------------------------------------------------------------------------------


@pytest.mark.parametrize("residual_from", [0, 1, 2, 3])
def test_residual_connections(residual_from):
    stack = Stack(4, UNITS, residual_from=residual_from)
    stack.build((None, None, UNITS))
    randomise(stack)
    x = sequence = randoms(BATCH, TIME, UNITS)
    for number, rnn in enumerate(stack.rnns, 1):
        outputs = rnn(sequence)[0]
        sequence = outputs + sequence if residual_from and number >= residual_from else outputs
    close(stack(x)[0], sequence)


@pytest.mark.parametrize("cell", SOME)
def test_stack_by_steps_is_the_stack(cell):
    stack = Stack(4, UNITS, cell, dropout=0.5)
    stack.build((None, None, DEPTH))
    randomise(stack)
    x = randoms(BATCH, TIME, DEPTH)
    whole, final = stack(x)
    states = stack.zero_state(BATCH)
    for t in range(TIME):
        outputs, states = stack.step(x[:, t], states)
        close(outputs, whole[:, t])
    close(states, final)


@pytest.mark.parametrize("same_dropout", [False, True])
def test_stack_dropout_masks(same_dropout):
    """Ones through the dropout show its mask: fixed over time only if requested."""
    stack = Stack(2, UNITS, dropout=0.5, same_dropout=same_dropout)
    drawn = stack.dropouts[0](tf.ones([8, 20, UNITS]), training=True).numpy()
    assert set(np.unique(drawn)) == {0.0, 2.0}
    assert (drawn == drawn[:, :1]).all() == same_dropout
    assert (drawn != drawn[:1]).any()  # two rows may be equal by chance


def test_unknown_cell_names_the_known():
    with pytest.raises(UserError, match="'ltsm'.*lstm, .*gru, .*simple"):
        Stack(1, UNITS, "ltsm")


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", SOME)
def test_every_weight_of_a_stack_learns(cell, bidirectional):
    stack = Stack(3, UNITS, cell, bidirectional)
    stack.build((None, None, DEPTH))
    randomise(stack)
    with tf.GradientTape() as tape:
        outputs, _ = stack(randoms(BATCH, TIME, DEPTH), mask=MASK)
        loss = tf.reduce_sum(outputs**2)
    for variable, gradient in zip(
        stack.trainable_variables, tape.gradient(loss, stack.trainable_variables), strict=True
    ):
        assert np.abs(gradient).max() > 1e-4, variable.path


# --- Attention -------------------------------------------------------------------------------


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("score", SCORES)
def test_attention_scores(score, masked):
    memory_depth = UNITS if score == "dot" else DEPTH
    layer = Attention(score)
    layer.build(UNITS, memory_depth)
    randomise(layer)
    queries, memory = randoms(BATCH, TIME, UNITS), randoms(BATCH, SOURCE, memory_depth)
    mask = np.ones([BATCH, SOURCE], bool)
    if masked:
        mask = np.arange(SOURCE) < np.array([7, 1, 4])[:, None]
    context, weights = layer(queries, layer.keys(memory), memory, mask if masked else None)
    named = {variable.name: variable.numpy() for variable in layer.weights}
    for row in range(BATCH):
        for t in range(TIME):
            expected = reference.attention(score, queries[row, t], memory[row], named, mask[row])
            close((context[row, t], weights[row, t]), expected)
    close(tf.reduce_sum(weights, -1), np.ones([BATCH, TIME]))
    assert not weights.numpy()[np.broadcast_to(~mask[:, None], weights.shape)].any()


def test_attention_of_half_precision_is_a_distribution():
    layer = Attention("dot", dtype="mixed_float16")
    layer.build(UNITS, UNITS)
    memory = tf.cast(30 * randoms(BATCH, SOURCE, UNITS), tf.float16)
    _, weights = layer(memory, layer.keys(memory), memory, np.ones([BATCH, SOURCE], bool))
    assert weights.dtype == tf.float16
    close(tf.reduce_sum(tf.cast(weights, tf.float32), -1), np.ones([BATCH, SOURCE]), 1e-3)


def test_dot_attention_needs_one_size():
    with pytest.raises(UserError, match="5 units and the encoder 4 outputs.*general or scaled"):
        Attention("dot").build(UNITS, DEPTH)


def test_unknown_attention_names_the_known():
    with pytest.raises(UserError, match="'luong'.*additive, dot, general, scaled"):
        Attention("luong")


# --- Decoder ---------------------------------------------------------------------------------

DECODERS = [
    {"cell": cell, "input_feeding": feeding, "upper_layers": upper, "attention": score}
    for cell, feeding, upper, score in [
        ("lstm", False, 0, "scaled"),
        ("lstm", True, 1, "additive"),
        ("lstm", False, 2, "dot"),
        ("gru", True, 0, "general"),
        ("gru", False, 1, "additive"),
        ("gru", True, 2, "scaled"),
        ("elman", True, 2, "dot"),
        ("fgr", False, 1, "general"),
        ("full_peephole_lstm", True, 0, "additive"),
        ("jordan", True, 1, "scaled"),
        ("ctrnn", False, 0, "dot"),
    ]
]


def make_decoder(layers=3, **options):
    decoder = AttentionDecoder(layers, UNITS, features=6, **options)
    depth = UNITS if options.get("attention") == "dot" else 8
    decoder.build(DEPTH, depth, 9)
    randomise(decoder)
    values = randoms(BATCH, SOURCE, depth)
    mask = np.arange(SOURCE) < np.array([7, 2, 5])[:, None]
    return decoder, values, mask


def start(decoder, values, mask):
    memory = decoder.memory(tf.constant(values), tf.constant(mask))
    return memory, decoder.initial_state([tf.constant(randoms(BATCH, 9))], values.shape[1])


@pytest.mark.parametrize("options", DECODERS, ids=lambda o: "-".join(map(str, o.values())))
def test_decoder_at_once_is_the_decoder_by_steps(options):
    # Dropout must have no effect outside training.
    decoder, values, mask = make_decoder(dropout=0.5, output_dropout=0.5, **options)
    embedded = tf.constant(randoms(BATCH, TIME, DEPTH))
    memory, state = start(decoder, values, mask)
    features, weights = decoder(embedded, memory, state)
    graph = tf.function(lambda e: decoder(e, *start(decoder, values, mask)), autograph=False)
    graph = graph.get_concrete_function(tf.TensorSpec([None, None, DEPTH]))
    close(graph(embedded), (features, weights))
    for t in range(TIME):
        output, state = decoder.step(embedded[:, t], memory, state)
        close((output, state["attention"]), (features[:, t], weights[:, t]))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("feeding", [False, True])
def test_decoder_with_few_layers(layers, feeding):
    decoder, values, mask = make_decoder(layers, input_feeding=feeding)
    memory, state = start(decoder, values, mask)
    features, _ = decoder(tf.constant(randoms(BATCH, TIME, DEPTH)), memory, state)
    for t in range(TIME):
        output, state = decoder.step(randoms(BATCH, TIME, DEPTH)[:, t], memory, state)
    close(output, features[:, -1])


def test_decoder_equation():
    """h~ = tanh(W [c; h]) of Luong, one step in numpy, with input feeding and bridge."""
    decoder, values, mask = make_decoder(1, attention="general", input_feeding=True)
    memory, state = start(decoder, values, mask)
    state["features"] = tf.constant(randoms(BATCH, 6))
    summary = randoms(BATCH, 9)
    bridge_h, bridge_c = (dense.get_weights() for dense in decoder.bridges[0])
    h, c = np.tanh(summary @ bridge_h[0] + bridge_h[1]), summary @ bridge_c[0] + bridge_c[1]
    close(state["rnn"], [[h, c]])
    x = randoms(BATCH, DEPTH)
    output, new = decoder.step(x, memory, state)
    rnn = {v.name: v.numpy() for v in decoder.stack.rnns[0].weights}
    h, _ = reference.lstm_step(np.concatenate([x, state["features"]], -1), (h, c), rnn)
    key = {"key_kernel": decoder.attention.key_kernel.numpy()}
    context = np.stack(
        [reference.attention("general", h[n], values[n], key, mask[n])[0] for n in range(BATCH)]
    )
    kernel, bias = decoder.combine.get_weights()
    close(output, np.tanh(np.concatenate([context, h], -1) @ kernel + bias))
    close(new["features"], output, 0)


@pytest.mark.parametrize("feeding", [False, True])
def test_padding_of_the_memory_is_inert(feeding):
    decoder, values, mask = make_decoder(2, upper_layers=1, input_feeding=feeding)
    embedded = tf.constant(randoms(BATCH, TIME, DEPTH))
    features, weights = decoder(embedded, *start(decoder, values, mask))
    junk = np.where(mask[..., None], values, 1e3).astype("float32")
    junk = np.concatenate([junk, np.full([BATCH, 2, 8], 1e3, np.float32)], 1)
    longer = np.concatenate([mask, np.zeros([BATCH, 2], bool)], 1)
    others, other_weights = decoder(embedded, *start(decoder, junk, longer))
    close((others, other_weights[..., :SOURCE]), (features, weights))
    assert not other_weights[..., SOURCE:].numpy().any()


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("feeding", [False, True])
def test_hypotheses_share_the_memory_of_their_row(score, feeding):
    """A step with 2 rows per memory equals a step over memories repeated row by row."""
    decoder, values, mask = make_decoder(1, upper_layers=1, attention=score, input_feeding=feeding)
    memory, state = start(decoder, values, mask)
    state = tf.nest.map_structure(lambda tensor: tf.repeat(tensor, 2, 0), state)
    repeated = type(memory)(*(tf.repeat(tensor, 2, 0) for tensor in memory))
    embedded = tf.constant(randoms(2 * BATCH, DEPTH))
    one, one_state = decoder.step(embedded, memory, state)
    other, other_state = decoder.step(embedded, repeated, state)
    close(one, other)
    close(tf.nest.flatten(one_state), tf.nest.flatten(other_state))


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("score", SCORES)
def test_every_weight_of_a_decoder_learns(score, feeding):
    decoder, values, mask = make_decoder(
        2, upper_layers=1, attention=score, input_feeding=feeding, dropout=0.1
    )
    variables = decoder.trainable_variables
    with tf.GradientTape() as tape:
        memory, state = start(decoder, values, mask)
        features, _ = decoder(
            tf.constant(randoms(BATCH, TIME, DEPTH)), memory, state, training=True
        )
        loss = tf.reduce_sum(features * randoms(*features.shape, seed=5))
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        assert np.abs(gradient).max() > 1e-5, variable.path


def test_input_feeding_holds_its_dropout_masks_over_time():
    """With weights that copy, a unit dropped between layers is dropped at every step."""
    decoder, values, mask = make_decoder(2, input_feeding=True, dropout=0.5)
    seen = []
    stack_step = decoder.stack.step
    decoder.stack.step = lambda x, s, noises: (seen.append(noises), stack_step(x, s, noises))[1]
    embedded = tf.constant(randoms(BATCH, TIME, DEPTH))
    decoder(embedded, *start(decoder, values, mask), training=True)
    assert all((step[0].numpy() == seen[0][0].numpy()).all() for step in seen)
    assert set(np.unique(seen[0][0])) == {0.0, 2.0}


# --- Embedding -------------------------------------------------------------------------------


def test_tied_embedding_is_one_matrix_both_ways():
    layer = Embedding(11, 4, output=True)
    layer.build()
    randomise(layer)
    table, bias = (w.numpy() for w in layer.weights)
    tokens = np.array([[3, 0, 10], [3, 1, 2]])
    close(layer(tokens), np.eye(11, dtype=np.float32)[tokens] @ table * 2)
    features = randoms(5, 4)
    close(layer.logits(features), features @ table.T + bias)


def test_embeddings_start_with_unit_variance():
    layer = Embedding(2000, 16)
    layer.build()
    assert len(layer.weights) == 1
    assert 0.9 < np.std(layer(np.arange(2000))) < 1.1
