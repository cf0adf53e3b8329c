"""Data set or your own file -> texts with labels -> tokens -> batches."""

import numpy as np
import tensorflow as tf

import data
from common import text as tokenizers
from common.batches import Batches, store
from common.batches.token_file import CHUNK
from common.files import read_json, write_json
from common.lists import chunks_of, evenly_spaced
from common.text import EOS
from data.messages import listed, shown
from data.readers import labelled
from data.splits import one_in, print_left_out, read_split


def own_examples(path, config, tell=True):
    """Reads the examples of your own file and reports what is left out."""
    return print_left_out(path, labelled.of_file(path, config.text_field, config.label_field), tell)


def read_examples(config, split):
    """`data.readers.labelled.Example`s of the split "train", "validation" or "test"."""
    return read_split(
        config,
        split,
        lambda split: labelled.of_set(config.name, split, config.version),
        lambda path, given: own_examples(path, config, tell=given == split),
        held_out,
        few=evenly_spaced,  # a file may be sorted by label
    )


def held_out(examples):
    """(training examples, validation examples): holds out a tenth of the distinct texts."""
    learned, checked = one_in(10, "example", lambda example: example.text)(examples)
    known = {example.label for example in learned}
    checked = [example for example in checked if example.label in known]
    if not checked:
        raise data.DataError(
            f"{len(examples)} examples are too few to hold any out: give --data.validation, or more"
        )
    return learned, checked


def make_tokenizer(config, examples, folder):
    """Loads the run's tokenizer, or learns one from the training texts and saves it."""
    if not (folder / "tokenizer.json").exists():
        texts = [example.text for example in examples]
        tokenizers.train_tokenizer(config.tokenizer, texts, config.seed).save(folder)
    return tokenizers.load(folder)


def make_labels(config, examples, folder):
    """The run's labels: those of the training examples, in the data set's own order or sorted."""
    if not (folder / "labels.json").exists():
        found = {example.label for example in examples}
        if len(found) < 2:
            raise data.DataError(f"all examples are {shown(found.pop())}: give at least two labels")
        order = (
            sorted(found) if config.train else labelled.labels_of_set(config.name, config.version)
        )
        labels = [label for label in order if label in found]
        if config.train and config.test:  # rather than after the training
            try:
                numbers(own_examples(config.test, config, tell=False), labels)
            except data.DataError as error:
                raise data.DataError(f"--data.test {config.test}: {error}") from error
        write_json(folder / "labels.json", labels)
    return read_json(folder / "labels.json")


def numbers(examples, labels):
    """The label numbers of examples."""
    place = {label: n for n, label in enumerate(labels)}
    if unknown := sorted({example.label for example in examples} - set(place)):
        raise data.DataError(
            f"no training example has the label {listed(unknown)}: the run has {listed(labels)}; "
            "correct the file, or train on such examples too"
        )
    return [place[example.label] for example in examples]


def read(tokenizer, texts, longest):
    """string `[batch]` -> int32 ragged `[batch, (time)]`, each row ending with EOS; of long texts
    the beginning and the end. TensorFlow operations only, the same in training and in an export."""
    tokens = tokenizer.tokenize(texts)
    place = tf.ragged.range(tokens.row_lengths()).flat_values
    over = tf.gather(tokens.row_lengths(), tokens.value_rowids()) - longest
    first = longest // 2
    cut = (place >= first) & (place < first + over)
    tokens = tf.ragged.boolean_mask(tokens, tokens.with_flat_values(~cut))
    return tf.concat([tokens, tf.fill([tokens.nrows(), 1], EOS)], 1)


def encode(config, tokenizer, examples):
    """The `Rows` of the examples' texts."""

    def rows():
        for part in chunks_of(examples, CHUNK):
            texts = np.array([example.text for example in part], object)
            yield from read(tokenizer, texts, config.data.max_length).numpy()

    return store(rows())


def make_batches(config, rows, numbers):
    """`Batches` of (tokens, label)."""
    return Batches([rows, [np.array([n], np.int32) for n in numbers]], config.batching, config.seed)
