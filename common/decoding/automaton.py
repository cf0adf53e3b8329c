"""Forms that a text must have, as a finite automaton that runs in a search next to the model."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Automaton(NamedTuple):
    """Deterministic: from each state some tokens are allowed, and each leads to one next state.

    A state has a class of tokens that it allows and two ordinary successors, for a token that
    begins a word and for one that continues it. One token, `exit_token`, is allowed in addition to
    the class (-1: none) and leads elsewhere. A literal text is a chain of states with an empty
    class and only an exit; a slot is a grid of states with an exit. State 0 is the start.
    """

    classes: np.ndarray  # bool [classes, vocab]
    begins_word: np.ndarray  # bool [vocab]
    class_of: np.ndarray  # int32 [states]
    word_next: np.ndarray  # int32 [states]
    piece_next: np.ndarray  # int32 [states]
    exit_token: np.ndarray  # int32 [states]
    exit_next: np.ndarray  # int32 [states]

    def signature(self):
        """`tf.TensorSpec`s of any automaton over this vocabulary: one graph serves all of them."""
        vocab = self.begins_word.shape[0]
        states = tf.TensorSpec([None], tf.int32)
        classes = tf.TensorSpec([None, vocab], tf.bool)
        return Automaton(classes, tf.TensorSpec([vocab], tf.bool), *[states] * 5)

    def advance(self, states, tokens):
        """The states that tokens lead to.

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
        """The tokens that states allow.

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
        """Runs the automaton next to a model in a search.

        The token before the string is no part of it, so the automaton's state is -1 at first:
        unstarted.

        Args:
          step: the model's step(tokens, state) -> (logits, state).
          state: the model's state, a nest of tensors with `rows` rows.
          rows: int or int32 scalar, the batch that the search starts with.

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
    """Makes an `Automaton` part by part, in the order of the text.

    Args:
      vocab_size: tokens of the vocabulary.
      begins_word: bool [vocab], tokens that begin a word; None: all.
    """

    def __init__(self, vocab_size, begins_word=None):
        self.begins_word = np.ones(vocab_size, bool) if begins_word is None else begins_word
        self.classes = [np.zeros(vocab_size, bool)]
        self.rows = []  # class, word_next, piece_next, exit_token, exit_next

    def literal(self, token):
        """Exactly this token."""
        following = len(self.rows) + 1
        self.rows.append([0, following, following, token, following])

    def one_of(self, mask):
        """One token out of a class, bool [vocab]."""
        following = len(self.rows) + 1
        self.rows.append([self._class(mask), following, following, -1, following])

    def slot(self, mask, least, most, pieces, exit_token, glued=False):
        """Words out of a class, then a token that ends the slot wherever it comes.

        Args:
          mask: bool [vocab], the class.
          least, most: number of words.
          pieces: most tokens of a word.
          exit_token: ends the slot, and is no part of a word.
          glued: the first word continues the text before.
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
                following = start + 1 + word * pieces  # the next word, if there is one
                may = np.zeros_like(mask)
                may |= begin if word < most else False
                may |= go_on if piece < pieces else False
                leave = exit_token if word >= least else -1
                self.rows.append([self._class(may), following, here + 1, leave, after])

    def build(self) -> Automaton:
        """The automaton of all parts; its last state is the end, which leads to itself."""
        last = len(self.rows)
        rows = np.array([*self.rows, [0, last, last, -1, last]], np.int32)
        return Automaton(np.stack(self.classes), self.begins_word, *rows.T.copy())

    def _class(self, mask):
        for number, known in enumerate(self.classes):
            if np.array_equal(known, mask):
                return number
        self.classes.append(mask.copy())
        return len(self.classes) - 1
