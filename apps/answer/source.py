"""Strings -> sentences -> tokens in TensorFlow operations, the same in training and exports."""

from typing import NamedTuple

import tensorflow as tf

from common.text import BOS, EOS, UNK, sanitise

# A mark followed by a space or the end; full-width marks end a sentence anywhere.
SENTENCE_END = r"[.?!…]+(\s+|$)|[。？！]+"


class Source(NamedTuple):
    """Sentences of a story and its question, the last sentence of a row."""

    sentences: tf.RaggedTensor  # string [batch, (sentences)]
    tokens: tf.RaggedTensor  # int32 [batch, (time)]: `<s> EOS`, then each sentence and EOS
    empty: tf.Tensor  # bool [batch]: there is no question


def split(texts):
    """string `[batch]` -> sentences without end marks, string ragged `[batch, (sentences)]`."""
    texts = tf.strings.regex_replace(texts, r"[\r\n]+", ". ")  # a line break ends a sentence
    texts = tf.strings.regex_replace(sanitise(texts), SENTENCE_END, "\n")
    parts = tf.strings.strip(tf.strings.split(texts, "\n").to_tensor(""))
    return tf.ragged.boolean_mask(parts, parts != "")


def read(tokenizer, texts, max_sentences) -> Source:
    """string `[batch]`, story and question in one -> `Source`; of a story its last sentences.

    The sentence `<s>` before every story takes the attention if no other sentence fits, so that a
    question without a story can be answered too.
    """
    sentences = split(texts)[:, -(max_sentences + 1) :]
    empty = sentences.row_lengths() == 0
    # A row without a question gets an unknown one.
    asked = tf.ragged.boolean_mask(tf.fill([tf.shape(empty)[0], 1], ""), empty[:, None])
    rows = tf.concat([sentences, asked], 1)
    words = tokenizer.tokenize(rows.flat_values)  # [all sentences, (words)]
    unknown = tf.ragged.boolean_mask(
        tf.fill([tf.shape(words.row_lengths())[0], 1], UNK), (words.row_lengths() == 0)[:, None]
    )
    ends = tf.fill([tf.shape(words.row_lengths())[0], 1], EOS)
    words = rows.with_values(tf.concat([words, unknown, ends], 1)).merge_dims(1, 2)
    first = tf.tile([[BOS, EOS]], [tf.shape(empty)[0], 1])
    return Source(sentences, tf.concat([first, words], 1), empty)
