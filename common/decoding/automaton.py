"""Formal constraints on the output, as a finite automaton that runs alongside the model."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Automaton(NamedTuple):
    """A deterministic finite automaton: each allowed token of a state leads to one next state.

    A state has a class of allowed tokens and two ordinary successors: `word_next` after a token
    that begins a word, `piece_next` after a token that continues a word. In addition to the class
    it allows `exit_token` (-1: none), which leads to `exit_next`. A literal text is a chain of
    states with an empty class and only an exit; a slot is a grid of states with an exit. State 0 is
    the start.
    """

    classes: np.ndarray  # bool [classes, vocab]
    begins_word: np.ndarray  # bool [vocab]
    class_of: np.ndarray  # int32 [states]
    word_next: np.ndarray  # int32 [states]
    piece_next: np.ndarray  # int32 [states]
    exit_token: np.ndarray  # int32 [states]
    exit_next: np.ndarray  # int32 [states]

    def signature(self):
        """The `tf.TensorSpec`s of any automaton over this vocabulary, so that all share a graph."""
        vocab = self.begins_word.shape[0]
        states = tf.TensorSpec([None], tf.int32)
        classes = tf.TensorSpec([None, vocab], tf.bool)
        return Automaton(classes, tf.TensorSpec([vocab], tf.bool), *[states] * 5)

    def advance(self, states, tokens):
        """The next states after tokens.

        Args:
          states: int32 [rows].
          tokens: int32 [rows].

        Returns:
          int32 [rows].
        """
        begins = tf.gather(tf.convert_to_tensor(self.begins_word), tokens)
        ordinary = tf.where(
            begins,
            tf.gather(tf.convert_to_tensor(self.word_next), states),
            tf.gather(tf.convert_to_tensor(self.piece_next), states),
        )
        leaves = tokens == tf.gather(tf.convert_to_tensor(self.exit_token), states)
        return tf.where(leaves, tf.gather(tf.convert_to_tensor(self.exit_next), states), ordinary)

    def mask(self, states):
        """The tokens allowed in states.

        Args:
          states: int32 [rows].

        Returns:
          bool [rows, vocab].
        """
        of_class = tf.gather(
            tf.convert_to_tensor(self.classes),
            tf.gather(tf.convert_to_tensor(self.class_of), states),
        )
        exits = tf.gather(tf.convert_to_tensor(self.exit_token), states)
        return of_class | tf.one_hot(exits, self.classes.shape[1], True, False)

    def around(self, step, state, rows):
        """Runs the automaton alongside a model in a search.

        The token before the string is not part of it, so the initial state of the automaton is -1,
        not started.

        Args:
          step: the model's step(tokens, state) -> (logits, state).
          state: the model's state, a nest of tensors with `rows` rows.
          rows: int or int32 scalar, the batch size of the search.

        Returns:
          (step, state, allowed) for a search.
        """

        def both(tokens, state):
            form = state["form"]
            form = tf.where(form < 0, 0, self.advance(tf.maximum(form, 0), tokens))
            logits, model = step(tokens, state["model"])
            return logits, {"model": model, "form": form}

        state = {"model": state, "form": tf.fill([rows], -1)}
        return both, state, lambda position, state: self.mask(state["form"])


class AutomatonBuilder:
    """Builds an `Automaton` part by part, in text order.

    Args:
      vocab_size: size of the vocabulary.
      begins_word: bool [vocab], tokens that begin a word; None: all.
    """

    def __init__(self, vocab_size, begins_word=None):
        self.begins_word = np.ones(vocab_size, bool) if begins_word is None else begins_word
        self.classes = [np.zeros(vocab_size, bool)]
        self.rows = []  # class, word_next, piece_next, exit_token, exit_next

    def literal(self, token):
        """Appends exactly this token."""
        following = len(self.rows) + 1
        self.rows.append([0, following, following, token, following])

    def one_of(self, mask):
        """Appends any one token of a class, bool [vocab]."""
        following = len(self.rows) + 1
        self.rows.append([self._class(mask), following, following, -1, following])

    def slot(self, mask, least, most, pieces, exit_token, glued=False):
        """Appends a slot: words of a class, ended by an exit token.

        Args:
          mask: bool [vocab], the class.
          least, most: limits of the number of words.
          pieces: the most tokens per word.
          exit_token: ends the slot, and is never part of a word.
          glued: the first word continues the preceding text.
        """
        mask = mask.copy()
        mask[exit_token] = False
        begin, go_on = mask & self.begins_word, mask & ~self.begins_word
        start = len(self.rows)
        after = start + 1 + most * pieces
        first = start + 1
        self.rows.append([self._class(go_on if glued else begin), first, first, -1, after])
        for word in range(1, most + 1):
            for piece in range(1, pieces + 1):
                here = len(self.rows)
                following = start + 1 + word * pieces  # start of the next word, if any
                may = np.zeros_like(mask)
                may |= begin if word < most else False
                may |= go_on if piece < pieces else False
                leave = exit_token if word >= least else -1
                self.rows.append([self._class(may), following, here + 1, leave, after])

    def build(self) -> Automaton:
        """The automaton of all parts; its last state is the end, which loops to itself."""
        last = len(self.rows)
        rows = np.array([*self.rows, [0, last, last, -1, last]], np.int32)
        return Automaton(np.stack(self.classes), self.begins_word, *rows.T.copy())

    def _class(self, mask):
        for number, known in enumerate(self.classes):
            if np.array_equal(known, mask):
                return number
        self.classes.append(mask.copy())
        return len(self.classes) - 1
