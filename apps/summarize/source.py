"""Strings -> source tokens in TensorFlow operations, the same in training and in an export."""

from typing import NamedTuple

import tensorflow as tf

from common.text import EOS, SPECIAL_TOKENS, JoinerTokenizer, extended_ids

DOCUMENTS = "\f"  # a form feed separates the documents of a source


class Source(NamedTuple):
    """Tokens to summarise. Ragged [batch, (source)]."""

    tokens: tf.RaggedTensor  # int32 of the extended vocabulary; EOS after each document
    words: tf.RaggedTensor | None  # their strings, if tokens are words
    documents: tf.RaggedTensor  # int32: number of each token's document, from 0
    empty: tf.Tensor  # bool [batch]


def read(tokenizer, texts, config) -> Source:
    """string `[batch]` -> `Source`, cut to data.max_length tokens, shared equally by the documents.

    Whole words can be copied only where tokens are words, that is with the tokenizer "joiner"; with
    the others, the model copies pieces of words.
    """
    if config.line_mark:
        texts = tf.strings.regex_replace(tf.strings.strip(texts), r"[\r\n]+", config.line_mark)
    parts = tf.strings.split(texts, DOCUMENTS)  # [batch, (documents)]
    flat = parts.flat_values  # [all documents]
    count = tf.cast(parts.row_lengths(), tf.int32)
    share = tf.maximum(config.max_length // count - 1, 1)  # minus one for EOS
    share = tf.gather(share, parts.value_rowids())
    words = None
    if isinstance(tokenizer, JoinerTokenizer):
        words = cut(tokenizer.words(flat), share)
        tokens = tokenizer.lookup(words)
    else:
        tokens = cut(tokenizer.tokenize(flat), share)
    ends = tf.fill([tf.shape(flat)[0], 1], EOS)
    empty = tf.equal(tokens.row_lengths(), 0)
    empty = tf.math.segment_min(tf.cast(empty, tf.int32), parts.value_rowids()) > 0
    owners = tf.ragged.range(count).flat_values  # number of each document in its source

    def whole(rows):  # joins the documents of each source
        return tf.RaggedTensor.from_row_splits(rows, parts.row_splits).merge_dims(1, 2)

    tokens = tf.concat([tokens, ends], 1)
    owners = tokens.with_flat_values(tf.gather(owners, tokens.value_rowids()))
    tokens, owners = whole(tokens), whole(owners)
    if words is not None:
        words = whole(tf.concat([words, tf.fill([tf.shape(flat)[0], 1], SPECIAL_TOKENS[EOS])], 1))
        tokens = extended_ids(words, tokens, tokenizer.vocab_size)
    return Source(tokens, words, owners, empty)


def cut(rows, limits):
    """The first `limits` [n] values of each row of a ragged [n, (length)]."""
    place = tf.ragged.range(rows.row_lengths())
    keep = place.flat_values < tf.cast(tf.gather(limits, rows.value_rowids()), place.dtype)
    return tf.ragged.boolean_mask(rows, rows.with_flat_values(keep))
