"""The extended vocabulary of pointer networks: words of a document that the vocabulary lacks.

A word that is unknown gets the id  vocab_size + position of its first occurrence in the source
(See et al. 2017), so each document has up to `source` words of its own, and the ids mean nothing
beside it. In TensorFlow operations, linear in the length: the same in training and exported.
"""

import tensorflow as tf

from ..occurrences import first_of_each, first_positions
from ..special_tokens import EOS, UNK


def extended_ids(words, ids, vocab_size) -> tf.RaggedTensor:
    """Ids of source words, the unknown ones numbered by their place.

    Args:
        words: token strings, ragged [batch, (source)].
        ids: int32 of the same shape, UNK for what is not in the vocabulary.

    Returns int32 of the same shape, below vocab_size + longest source.
    """
    rows = tf.strings.as_string(words.value_rowids())
    keys = tf.strings.join([rows, words.flat_values], separator=" ")
    positions = tf.cast(tf.ragged.range(words.row_lengths()).flat_values, tf.int32)
    first = first_of_each(keys, positions)
    return ids.with_flat_values(
        tf.where(ids.flat_values == UNK, vocab_size + first, ids.flat_values)
    )


def hide_words(source, target, hidden):
    """Takes some words for unknown ones, on both sides: only copying can say them then.

    A network that has seen each name of its training data many times learns to say names, and not
    to copy them; this shows it what names are like that it has never seen.

    Args:
        source, target: int32 [batch, ...] of the extended vocabulary.
        hidden: bool [batch, vocabulary]; special tokens are never hidden, nor are words of a
            target that its source lacks.

    Returns (source, target) with the ids of `extended_ids` for hidden words.
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
    """Ids of a summary's words: unknown ones that the document has get the document's id.

    Args:
        words, ids: of the summary, lists; source_words, source_ids: of the document, with
            `extended_ids`.

    Returns a list of ints; UNK for a word that neither vocabulary nor document has.
    """
    place = dict(zip(reversed(source_words), reversed(source_ids), strict=True))
    return [
        place.get(word, UNK) if token == UNK else token
        for word, token in zip(words, ids, strict=True)
    ]
