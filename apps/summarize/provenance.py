"""Finds where the words of a summary were copied from."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from apps.summarize.dataset import encode
from apps.summarize.source import read
from common.layers import copied_mass
from common.text import BOS, EOS, JOINER, JoinerTokenizer
from data.readers.documents import Example


class Word(NamedTuple):
    word: str
    copied: float  # probability of being copied, not generated
    place: int  # source token with the most attention, from 1
    document: int  # document of that token, from 1


class Provenance(NamedTuple):
    words: list[Word]  # of the summary
    source: list[str]  # tokens, with the ends of documents
    attention: np.ndarray  # [summary, source]
    documents: int

    def json(self):
        """The words as JSON objects, without the marks for missing spaces."""
        return [
            {**word._asdict(), "word": word.word.strip(JOINER), "copied": round(word.copied, 4)}
            for word in self.words
        ]


def provenance(summarizer, text, summary) -> Provenance:
    """For each word of a summary, its probability of being copied and its place in the source.

    With p the probability of generating, a the attention and x the source, a word w was copied with
    probability (1 - p) sum_{i: x_i = w} a_i / P(w). Its place is that i, or the place with the
    most attention if the source lacks the word.
    """
    tokenizer, model = summarizer.tokenizer, summarizer.model
    [source], [target] = encode(summarizer.config, tokenizer, [Example(text, (summary,))])
    found = read(tokenizer, tf.constant([text]), summarizer.config.data)
    owners = found.documents[0].numpy()
    if isinstance(tokenizer, JoinerTokenizer):
        columns = [word.decode() for word in found.words[0].numpy()]
        rows = [w.decode() for w in tokenizer.words(tf.constant([summary]))[0].numpy()]
    else:
        columns, rows = tokenizer.pieces(source), tokenizer.pieces(target[:-1])
    if not rows:
        return Provenance([], columns, np.zeros([0, len(columns)]), int(owners.max()) + 1)
    shifted = tf.constant([[BOS, *target[:-1]]])
    source, target = tf.constant(source[None]), tf.constant(target[None])
    features, attention, gate = model((source, shifted))
    mass, _ = copied_mass(attention, source, target)
    copied = np.zeros(len(rows))
    if model.pointer:
        known = target < model.vocab
        logits = tf.nn.log_softmax(model.embedding.logits(features[0]))
        generated = tf.gather(tf.exp(logits), tf.where(known, target, 0)[0], batch_dims=1)
        generated = tf.sigmoid(gate[0]) * tf.where(known[0], generated, 0.0)
        taken = tf.sigmoid(-gate[0]) * mass[0]
        copied = (taken / tf.maximum(taken + generated, 1e-30)).numpy()
    attention = attention.numpy()[0]
    same = target.numpy()[0][:, None] == source.numpy()  # [summary, source]
    places = np.argmax(np.where(same, 1 + attention, attention), -1)
    words = [
        Word(word, float(copied[n]), int(places[n]) + 1, int(owners[places[n]]) + 1)
        for n, word in enumerate(rows)
    ]
    ends = source.numpy()[0] == EOS
    columns = ["¶" if end else column for column, end in zip(columns, ends, strict=True)]
    return Provenance(words, columns, attention[: len(rows)], int(owners.max()) + 1)
