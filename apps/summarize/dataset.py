"""Data set or your own file -> documents with summaries -> tokens -> batches."""

import numpy as np

from apps.summarize.source import read
from common import text as tokenizers
from common.batches import Batches, RowWriter
from common.batches.token_file import CHUNK
from common.lists import chunks_of, evenly_spaced
from common.text import EOS, JoinerTokenizer, target_ids
from data.readers import documents
from data.splits import one_in, print_left_out, read_split


def own_examples(path, config, tell=True):
    """Reads the examples of your own file and reports what is left out."""
    found = documents.of_file(path, config.document_field, config.summary_field)
    return print_left_out(path, found, tell)


def read_examples(config, split):
    """`data.readers.documents.Example`s of the split "train", "validation" or "test"."""
    return read_split(
        config,
        split,
        lambda split: documents.of_set(config.name, split, config.version),
        lambda path, given: own_examples(path, config, tell=given == split),
        one_in(50, "example", lambda example: example.document),
    )


def make_tokenizer(config, examples, folder):
    """Loads the run's tokenizer, or learns one from documents and summaries and saves it."""
    if not (folder / "tokenizer.json").exists():
        some = evenly_spaced(examples, tokenizers.ENOUGH)
        lines = (text for e in some for text in (e.document, e.references[0]))
        tokenizers.train_tokenizer(config.tokenizer, lines, config.seed).save(folder)
    return tokenizers.load(folder)


def encode(config, tokenizer, examples):
    """(source `Rows`, target `Rows`) over the extended vocabulary, each row ending with EOS."""
    sources, targets = RowWriter(), RowWriter()
    for part in chunks_of(examples, CHUNK):
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
        for row, other in zip(rows, target, strict=True):
            sources.append(row)
            targets.append([*other, EOS])
    return sources.rows(), targets.rows()


def make_batches(config, tokenizer, examples, *, limit=True):
    """`Batches` of (source, target).

    With `limit`, examples with an empty document, or with a summary that is empty or has more than
    data.max_summary tokens, are left out and counted.
    """
    sources, targets = encode(config, tokenizer, examples)
    longest, kept = config.data.max_summary, np.arange(len(examples))
    if limit:
        summaries = targets.sizes
        kept = np.flatnonzero((sources.sizes > 1) & (summaries > 1) & (summaries <= longest))
        if left := len(examples) - len(kept):
            print(
                f"{left:,} of {len(examples):,} examples left out: empty, or a summary with more "
                f"than {longest} tokens"
            )
    return Batches([sources[kept], targets[kept]], config.batching, config.seed)
