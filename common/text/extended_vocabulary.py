"""The extended vocabulary of pointer networks: ids for source words outside the vocabulary.

An unknown word gets the id  vocab_size + position of its first occurrence in the source  (See et
al. 2017), so each document has up to `source` words of its own, and these ids are valid only with
that document. Uses TensorFlow operations, linear in the length, identical in training and exports.
"""

import tensorflow as tf

from ..occurrences import first_of_each, first_positions
from ..special_tokens import EOS, UNK


def extended_ids(words, ids, vocab_size) -> tf.RaggedTensor:
    """Replaces UNK by extended ids in the ids of source words.

    Args:
        words: token strings, ragged `[batch, (source)]`.
        ids: int32 of the same shape, UNK for unknown words.
        vocab_size: size of the vocabulary.

    Returns:
        int32 of the same shape, below vocab_size + longest source.
    """
    rows = tf.strings.as_string(words.value_rowids())
    keys = tf.strings.join([rows, words.flat_values], separator=" ")
    positions = tf.cast(tf.ragged.range(words.row_lengths()).flat_values, tf.int32)
    first = first_of_each(keys, positions)
    return ids.with_flat_values(
        tf.where(ids.flat_values == UNK, vocab_size + first, ids.flat_values)
    )


def hide_words(source, target, hidden):
    """Treats some words as unknown on both sides, so that they can only be copied.

    A network that has seen each name of its training data many times learns to generate names
    instead of copying them; hidden words train it for unseen names.

    Args:
        source, target: int32 `[batch, ...]` of the extended vocabulary.
        hidden: bool `[batch, vocabulary]`; special tokens are never hidden, nor are words of a
            target that its source lacks.

    Returns:
        (source, target) with extended ids, as in `extended_ids`, for hidden words.
    """
    vocab_size = tf.shape(hidden)[1]

    def chosen(tokens):
        known = (tokens > EOS) & (tokens < vocab_size)
        return known & tf.gather(hidden, tf.where(known, tokens, 0), batch_dims=1)

    same = target[:, :, None] == source[:, None]  # [batch, target, source]
    place = tf.argmax(same, -1, tf.int32)
    found = chosen(target) & tf.reduce_any(same, -1)
    return (
        tf.where(chosen(source), vocab_size + first_positions(source), source),
        tf.where(found, vocab_size + place, target),
    )


def target_ids(words, ids, source_words, source_ids):
    """Ids of the words of a summary, where unknown words get the extended ids of the document.

    Args:
        words, ids: lists of the words of the summary and their ids.
        source_words, source_ids: lists of the words of the document and their `extended_ids`.

    Returns:
        A list of ints; UNK for words in neither the vocabulary nor the document.
    """
    place = dict(zip(reversed(source_words), reversed(source_ids), strict=True))
    return [
        place.get(word, UNK) if token == UNK else token
        for word, token in zip(words, ids, strict=True)
    ]
