"""Encodes and decodes texts of several lines in TensorFlow operations; a line break is EOS."""

import tensorflow as tf

from common.text import EOS, PAD, sanitise


class Text:
    """A line tokenizer applied to texts with several lines, separated by `\\n`."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def encode(self, texts):
        """string `[n]` -> ragged int32 `[n, (length)]`, EOS between lines but not at the end."""
        lines = tf.strings.split(texts, "\n")  # [n, (lines)]
        tokens = self.tokenizer.tokenize(lines.flat_values)
        ended = tf.concat([tokens, tf.fill([tokens.nrows(tf.int32), 1], EOS)], 1)
        return lines.with_flat_values(ended).merge_dims(1, 2)[:, :-1]

    def decode(self, tokens):
        """Ragged int32 `[n, (length)]` -> string `[n]`; a trailing EOS adds no empty line."""
        flat, row = tokens.flat_values, tokens.value_rowids()
        rows = tokens.nrows()
        ends = tf.cast(flat == EOS, tf.int64)
        last = tf.gather(tf.concat([[PAD], flat], 0), tokens.row_limits())
        closed = (tokens.row_lengths() > 0) & (last == EOS)
        counts = tf.math.unsorted_segment_sum(ends, row, rows)
        lines = counts + tf.cast(~closed, tf.int64)  # of each row, at least 1
        first_line = tf.cumsum(lines, exclusive=True)
        before = tf.cumsum(ends, exclusive=True)  # ends so far, in all rows
        at_start = tf.cumsum(counts, exclusive=True)
        number = before - tf.gather(at_start, row) + tf.gather(first_line, row)
        keep = flat != EOS
        parts = tf.RaggedTensor.from_value_rowids(
            tf.boolean_mask(flat, keep), tf.boolean_mask(number, keep), tf.reduce_sum(lines)
        )
        strings = self.tokenizer.detokenize(parts)
        return joined(tf.RaggedTensor.from_row_lengths(strings, lines))


def joined(lines):
    """Ragged string `[n, (lines)]` -> string `[n]`.

    reduce_join with `separator` loses the line breaks after empty first lines of ragged strings.
    """
    text = tf.strings.reduce_join("\n" + lines, axis=1)
    return tf.strings.substr(text, 1, -1)


def continued(text, prompts, prompt_tokens, tokens):
    """The prompts as typed (apart from spaces), followed by the text of the tokens.

    Decoding a prompt would show its unknown characters as <unk>, so only the text that decoding
    adds to the decoded prompt is used.
    """
    head = text.decode(prompt_tokens)
    whole = text.decode(tf.concat([prompt_tokens, tokens], 1))
    size = tf.minimum(tf.strings.length(head), tf.strings.length(whole))
    fits = tf.strings.substr(whole, tf.zeros_like(size), size) == head
    lines = tf.strings.split(prompts, "\n")
    typed = lines.with_flat_values(sanitise(lines.flat_values))
    typed = joined(typed)
    return tf.where(
        fits, typed + tf.strings.substr(whole, size, tf.fill(tf.shape(size), -1)), whole
    )
