"""Data set or people's own file -> stories with questions -> tokens and answers -> batches."""

import sys
from collections import Counter

import numpy as np
import tensorflow as tf

import data as sets
from apps.answer.source import read
from common import text as tokenizers
from common.batching import Batches
from common.errors import UserError
from common.files import read_json, write_json
from data import stories

CHUNK = 512  # stories tokenised at once


def own_examples(path):
    """Stories of people's own file, with a report of what was left out."""
    found, report = stories.of_file(path)
    if report.kept < report.total:
        print(f"{path}: {report}", file=sys.stderr)
    return found


def read_examples(config, split):
    """`data.stories.Example`s of "train", "validation" or "test"."""
    if not config.train:
        examples = stories.of_set(config.name, split, config.version)
    elif split != "train" and getattr(config, split):
        examples = sum(own_examples(getattr(config, split)), [])
    elif split == "test":
        raise sets.DataError(
            "the run has no test file: give --data.test when training, or evaluate --file"
        )
    else:  # a tenth of people's own stories validates when they give nothing else
        found = own_examples(config.train)
        if not config.validation:
            if len(found) < 2:
                raise sets.DataError(
                    f"{config.train} has one story: one to learn and one to validate are the least"
                )
            held = set(range(0, len(found), 10))
            found = [story for n, story in enumerate(found) if (n in held) == (split != "train")]
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
    answers = read_json(path)
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        raise UserError(f"{path} is damaged (no list of strings): copy it again or train anew")
    return answers


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
