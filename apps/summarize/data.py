"""Data set or people's own file -> documents with summaries -> tokens -> batches."""

import sys

import numpy as np

import data as sets
from apps.summarize.source import read
from common import text as tokenizers
from common.batching import Batches
from common.copying import target_ids
from common.text import EOS, JoinerTokenizer
from data import documents

CHUNK = 512  # documents tokenised at once


def own_examples(path, config):
    """Examples of people's own file, with a report of what was left out."""
    examples, report = documents.of_file(path, config.document_field, config.summary_field)
    if report.kept < report.total:
        print(f"{path}: {report}", file=sys.stderr)
    return examples


def read_examples(config, split):
    """`data.documents.Example`s of "train", "validation" or "test"."""
    if not config.train:
        examples = documents.of_set(config.name, split, config.version)
    elif split != "train" and getattr(config, split):
        examples = own_examples(getattr(config, split), config)
    elif split == "test":
        raise sets.DataError(
            "the run has no test file: give --data.test when training, or evaluate --file"
        )
    else:  # a fiftieth of people's own training examples validates when they give nothing else
        examples = own_examples(config.train, config)
        if not config.validation:
            if len(examples) < 2:
                raise sets.DataError(
                    f"{config.train} has one usable example: one to learn and one to validate are "
                    "the least"
                )
            held = range(0, len(examples), 50)
            kept = [example for n, example in enumerate(examples) if n % 50]
            examples = kept if split == "train" else [examples[n] for n in held]
    return examples[: config.limit] if split == "train" and config.limit else examples


def make_tokenizer(config, examples, folder):
    """The run's tokenizer, at first learned on documents and summaries together."""
    if not (folder / "tokenizer.json").exists():
        lines = [text for example in examples for text in (example.document, example.references[0])]
        tokenizers.train_tokenizer(config.tokenizer, lines, config.seed).save(folder)
    return tokenizers.load(folder)


def encode(config, tokenizer, examples):
    """(source rows, target rows) of the extended vocabulary, each row ending with EOS."""
    sources, targets = [], []
    for start in range(0, len(examples), CHUNK):
        part = examples[start : start + CHUNK]
        source = read(tokenizer, np.array([e.document for e in part], object), config.data)
        summaries = np.array([example.references[0] for example in part], object)
        rows = source.tokens.numpy()
        target = tokenizer.tokenize(summaries).numpy()
        if isinstance(tokenizer, JoinerTokenizer):
            words = tokenizer.words(summaries).numpy()
            target = [
                target_ids(*row)
                for row in zip(words, target, source.words.numpy(), rows, strict=True)
            ]
        sources += [np.asarray(row, np.int32) for row in rows]
        targets += [np.append(row, EOS).astype(np.int32) for row in target]
    return sources, targets


def make_batches(config, tokenizer, examples, *, limit=True):
    """`Batches` of (source, target).

    With `limit`, examples are left out, and counted, whose document is empty or whose summary is
    empty or has more than data.max_summary tokens.
    """
    sources, targets = encode(config, tokenizer, examples)
    longest, kept = config.data.max_summary, range(len(examples))
    if limit:
        kept = [n for n in kept if len(sources[n]) > 1 and 1 < len(targets[n]) <= longest]
        if left := len(examples) - len(kept):
            print(
                f"{left:,} of {len(examples):,} examples left out: empty, or a summary of more "
                f"than {longest} tokens"
            )
    return Batches(
        [[side[n] for n in kept] for side in (sources, targets)], config.batching, config.seed
    )
