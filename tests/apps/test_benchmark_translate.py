"""The translation benchmark compares equal networks, losses, updates and searches."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps.translate.config import PRESETS, ModelConfig
from apps.translate.model import Translator
from common.batches import Batches
from common.config import BatchingConfig, TrainingConfig
from common.text import EOS
from tests.benchmarks import _training, translate
from tests.benchmarks.__main__ import Command, benchmarks, call
from tests.benchmarks.plain_keras_translate import PlainTranslator, compiled, dataset

VOCAB = 40
MODEL = ModelConfig(units=12, embedding_dim=8)
QUIET = replace(MODEL, embedding_dropout=0.0, dropout=0.0, output_dropout=0.0)
TRAINING = TrainingConfig(
    epochs=1, learning_rate=1e-2, warmup_steps=0, schedule="constant", clip_norm=0.5, ema=0.9
)


def make_batches(seed=0):
    random = np.random.default_rng(seed)

    def side():
        rows = [random.integers(4, VOCAB, random.integers(1, 9)) for _ in range(24)]
        return [np.append(row, EOS).astype(np.int32) for row in rows]

    return Batches([side(), side()], BatchingConfig(batch_size=6), seed)


def make_model(config, seed=1):
    """Random in every weight: zero biases would hide a missing copy."""
    keras.utils.set_random_seed(seed)
    model = Translator(config, VOCAB, VOCAB)
    for variable in model.trainable_variables:
        noise = np.random.default_rng(len(variable.path)).normal(scale=0.3, size=variable.shape)
        variable.assign_add(noise.astype(np.float32))
    return model


@pytest.mark.parametrize("upper_layers", [0, 1])
@pytest.mark.parametrize("attention", ["general", "scaled"])
def test_the_plain_network_has_our_loss_and_gradient(upper_layers, attention):
    config = replace(QUIET, upper_layers=upper_layers, attention=attention)
    ours, batches = make_model(config), make_batches()
    plain = compiled(config, TRAINING, ours)
    assert plain.count_params() == ours.count_params()
    numbers = batches.order(0)[0]
    with tf.GradientTape() as tape:
        total, count, _ = ours.token_losses(batches.arrays(numbers))
        loss = total / count
    norm = tf.linalg.global_norm(tape.gradient(loss, [v.value for v in ours.trainable_variables]))
    inputs, target, weights = next(iter(dataset(batches, [numbers])))
    with tf.GradientTape() as tape:
        plain_loss = plain.loss(target, plain(inputs, training=True), sample_weight=weights)
    gradients = tape.gradient(plain_loss, [v.value for v in plain.trainable_variables])
    assert float(plain_loss) == pytest.approx(float(loss), abs=1e-4)
    dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
    assert float(tf.linalg.global_norm(dense)) == pytest.approx(float(norm), rel=1e-3)


def test_losses_agree_before_and_after_equal_updates(tmp_path):
    ours, batches = make_model(QUIET), make_batches()
    plain = compiled(QUIET, TRAINING, ours)
    order = batches.order(0)[:3]
    arrays = batches.arrays(order[0])

    def losses():
        mine = _training.smoothed_loss(ours, QUIET.label_smoothing, arrays)
        return mine, plain.evaluate(dataset(batches, order[:1]), verbose=0)

    before = losses()
    config = replace(PRESETS["tiny"], model=QUIET, training=TRAINING)
    trainer = _training.make_trainer("translate", tmp_path, config, ours, batches)
    _training.train_ours(trainer, 3)
    plain.fit(dataset(batches, order), shuffle=False, verbose=0)
    after = losses()
    assert trainer.position.step == 3
    assert before[0] == pytest.approx(before[1], abs=1e-4)
    assert after[0] == pytest.approx(after[1], abs=1e-3)
    assert after[0] < before[0] - 0.01


def test_both_searches_find_the_same():
    config = replace(PRESETS["tiny"], model=MODEL)
    beam, loop, eager, by_predict, greedy = translate.decoders(config, make_model(MODEL))
    source, limits = next(translate.decoding_batches(config, make_batches().columns[0], 32))
    found, expected = beam(source, limits), loop(source, limits)
    assert translate.assert_equal_outputs(found, expected) == 0
    assert translate.assert_equal_outputs(found, eager(source, limits)) == 0
    assert translate.assert_equal_outputs(found, by_predict(source, limits)) == 0
    assert greedy(source, limits).tokens.shape[:2] == (len(source), 1)
    wrong = [[(string, score + 0.1, log_prob)] for ((string, score, log_prob),) in expected]
    with pytest.raises(AssertionError, match="scores differ"):
        translate.assert_equal_outputs(found, wrong)


def test_decoding_is_measured_in_batches_and_singly(monkeypatch):
    monkeypatch.setattr(_training, "PAUSE", 0)
    config, sources = replace(PRESETS["tiny"], model=MODEL), make_batches().columns[0][:2]
    rows, ties = translate.decoding_speed(config, make_model(MODEL), sources, 1)
    assert ties == 0 and len(rows) == 8
    for what in ("beam 5, batch 32", "beam 5, batch 1"):
        # A Python loop over search steps is slower than a search in the graph.
        assert rows[what, "Python loop"]["ratio"] > 1
        assert rows[what, "our greedy search"]["ratio"] > 0


def test_rounds_alternate_and_the_first_is_not_counted():
    calls = []
    seconds = _training.paired(lambda: calls.append("a"), lambda: calls.append("b"), 3)
    assert [len(side) for side in seconds] == [3, 3]
    assert sorted(calls[:2]) == ["a", "b"] and calls.count("a") == calls.count("b") == 4
    assert calls[2:4] == calls[:2][::-1] == calls[6:8]


def test_the_ratio_is_that_of_the_pairs():
    row = _training.comparison(10, (np.array([1.0, 2.0, 5.0]), np.array([2.0, 6.0, 5.0])), "x/s")
    assert (row["ours"], row["other"], row["ratio"]) == (5.0, 2.0, 2.0)


@pytest.mark.parametrize("changed", [{"cell": "gru"}, {"tie": "none"}, {"input_feeding": True}])
def test_a_network_without_a_plain_version_is_refused(changed):
    with pytest.raises(ValueError, match=next(iter(changed))):
        PlainTranslator(replace(MODEL, **changed), VOCAB)


def test_benchmarks_are_found_by_looking():
    assert "translate" in benchmarks()
    assert not any(name.startswith("plain_") for name in benchmarks())


@pytest.mark.parametrize("name", benchmarks())
def test_an_option_reaches_the_benchmarks_with_it(name):
    *_, module, rounds, torch = [*call(name, Command(3, "python")), "", ""][:5]
    assert module == f"tests.benchmarks.{name}"
    assert (rounds == "--rounds=3") == (name != "memory")
    assert (torch == "--torch=python") == (name not in ("growth", "memory"))
