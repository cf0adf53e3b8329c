"""Data set or people's own file -> stories with questions -> tokens and answers -> batches."""

from collections import Counter

import numpy as np
import tensorflow as tf

import data as sets
from apps.answer.source import read
from common import text as tokenizers
from common.batching import Batches
from common.files import read_json, write_json
from data import stories
from data.splits import told

CHUNK = 512  # stories tokenised at once


def read_examples(config, split, file=""):
    """`data.stories.Example`s of "train", "validation" or "test", or of another file.

    Of people's own files it is told what was left out; a tenth of the training stories validates
    when they give nothing else.
    """
    if not (file or config.train):
        examples = stories.of_set(config.name, split, config.version)
    else:
        whole = file or split == "test" or config.validation
        path = file or getattr(config, split) or (config.train if split != "test" else "")
        if not path:
            raise sets.DataError("no test file: give --data.test when training, or evaluate --file")
        found = told(path, stories.of_file(path))
        if not whole:
            if len(found) < 2:
                raise sets.DataError(
                    f"{path} has one story: two are the least, to learn and to validate"
                )
            held = split != "train"
            found = [story for n, story in enumerate(found) if (n % 10 == 0) == held]
        examples = sum(found, [])
    return examples[: config.limit] if split == "train" and config.limit else examples


def make_tokenizer(config, examples, folder):
    """The run's tokenizer, at first learned on stories and questions."""
    if not (folder / "tokenizer.json").exists():
        lines = {line for example in examples for line in (*example.story, example.question)}
        # Without the question mark: a text's marks are gone when its words are looked up.
        lines = (line.rstrip(".?!…。？！") for line in sorted(lines))
        tokenizers.train_tokenizer(config.tokenizer, lines, config.seed).save(folder)
    return tokenizers.load(folder)


def make_answers(examples, folder):
    """The run's answers, the classes of the network: those of training, the most frequent first."""
    path = folder / "answers.json"
    if not path.exists():
        counts = Counter(example.answer for example in examples)
        write_json(path, sorted(counts, key=lambda answer: (-counts[answer], answer)))
    return read_json(path)


def make_batches(config, tokenizer, answers, examples):
    """`Batches` of (tokens, number of the answer); what has an answer unknown in training is left
    out, and counted."""
    numbers = {answer: number for number, answer in enumerate(answers)}
    kept = [example for example in examples if example.answer in numbers]
    if left := len(examples) - len(kept):
        print(f"{left:,} of {len(examples):,} questions have answers that training does not have")
    rows = []
    for start in range(0, len(kept), CHUNK):
        texts = tf.constant([example.text for example in kept[start : start + CHUNK]])
        rows += list(read(tokenizer, texts, config.data.max_sentences).tokens.numpy())
    labels = [np.array([numbers[example.answer]], np.int32) for example in kept]
    return Batches([rows, labels], config.batching, config.seed)
