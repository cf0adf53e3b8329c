"""Data set or your own file -> stories with questions -> tokens and answers -> batches."""

from collections import Counter
from itertools import chain

import numpy as np
import tensorflow as tf

from apps.answer.source import read
from common import text as tokenizers
from common.batches import Batches
from common.files import read_json, write_json
from data.readers import stories
from data.splits import one_in, print_left_out, read_split

CHUNK = 512  # stories tokenised at once


def own_stories(path, tell=True):
    """Reads your own file, a list of `data.readers.stories.Example`s for each story, and reports
    what is left out."""
    return print_left_out(path, stories.of_file(path), tell)


def own_examples(path):
    """`data.readers.stories.Example`s of your own file."""
    return joined(own_stories(path))


def read_examples(config, split):
    """`data.readers.stories.Example`s of the split "train", "validation" or "test"."""
    found = read_split(
        config,
        split,
        lambda split: [stories.of_set(config.name, split, config.version)],
        lambda path, given: own_stories(path, tell=given == split),
        one_in(10, "story", lambda story: " ".join(story[-1].story)),  # without its questions
        few=lambda found, limit: [joined(found)[:limit]],
    )
    return joined(found)


def joined(lists):
    return list(chain.from_iterable(lists))


def make_tokenizer(config, examples, folder):
    """Loads the run's tokenizer, or learns one from stories and questions and saves it."""
    if not (folder / "tokenizer.json").exists():
        lines = {line for example in examples for line in (*example.story, example.question)}
        # Without the question mark: marks are removed before words are looked up.
        lines = (line.rstrip(".?!…。？！") for line in sorted(lines))
        tokenizers.train_tokenizer(config.tokenizer, lines, config.seed).save(folder)
    return tokenizers.load(folder)


def make_answers(examples, folder):
    """The run's answers, the classes of the network: those of training, most frequent first."""
    path = folder / "answers.json"
    if not path.exists():
        counts = Counter(example.answer for example in examples)
        write_json(path, sorted(counts, key=lambda answer: (-counts[answer], answer)))
    return read_json(path)


def make_batches(config, tokenizer, answers, examples):
    """`Batches` of (tokens, number of the answer); examples with an answer that training lacks are
    left out and counted."""
    numbers = {answer: number for number, answer in enumerate(answers)}
    kept = [example for example in examples if example.answer in numbers]
    if left := len(examples) - len(kept):
        print(f"{left:,} of {len(examples):,} questions left out: answers that training lacks")
    rows = []
    for start in range(0, len(kept), CHUNK):
        texts = tf.constant([example.text for example in kept[start : start + CHUNK]])
        rows += list(read(tokenizer, texts, config.data.max_sentences).tokens.numpy())
    labels = [np.array([numbers[example.answer]], np.int32) for example in kept]
    return Batches([rows, labels], config.batching, config.seed)
