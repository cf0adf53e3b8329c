"""Forms that a text must have, as a finite automaton that the decoder runs beside the model."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Automaton(NamedTuple):
    """Deterministic: from each state some tokens are allowed, and each leads to one next state.

    A state has a class of tokens that it allows and two ordinary successors, for a token that
    begins a word and for one that goes on with it. One token, `exit_token`, is allowed beside the
    class (-1: none) and leads elsewhere. A literal text is a chain of states with an empty class
    and only an exit; a slot is a grid of states with an exit. State 0 is the start.
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
        """int32 [rows], int32 [rows] -> int32 [rows]: the states after those tokens."""
        begins = tf.gather(tf.convert_to_tensor(self.begins_word), tokens)
        ordinary = tf.where(
            begins,
            tf.gather(tf.convert_to_tensor(self.word_next), states),
            tf.gather(tf.convert_to_tensor(self.piece_next), states),
        )
        leaves = tokens == tf.gather(tf.convert_to_tensor(self.exit_token), states)
        return tf.where(leaves, tf.gather(tf.convert_to_tensor(self.exit_next), states), ordinary)

    def mask(self, states):
        """int32 [rows] -> bool [rows, vocab]: what is allowed next."""
        of_class = tf.gather(
            tf.convert_to_tensor(self.classes),
            tf.gather(tf.convert_to_tensor(self.class_of), states),
        )
        exits = tf.gather(tf.convert_to_tensor(self.exit_token), states)
        return of_class | tf.one_hot(exits, self.classes.shape[1], True, False)

    def around(self, step, state, rows):
        """(step, state, allowed) for a search over `rows`: the model's own, and the automaton.

        The token before the string is no part of it, so the state counts from -1: unstarted.
        """

        def both(tokens, state):
            form = state["form"]
            form = tf.where(form < 0, 0, self.advance(tf.maximum(form, 0), tokens))
            logits, model = step(tokens, state["model"])
            return logits, {"model": model, "form": form}

        state = {"model": state, "form": tf.fill([rows], -1)}
        return both, state, lambda position, state: self.mask(state["form"])


class AutomatonBuilder:
    """Makes an `Automaton` part by part, in the order of the text."""

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
        """`least` to `most` words of at most `pieces` tokens each out of a class, then
        `exit_token`, which ends the slot wherever it comes. `glued`: the first word goes on with
        the text before.
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
        """The last state is the end: it leads to itself."""
        last = len(self.rows)
        rows = np.array([*self.rows, [0, last, last, -1, last]], np.int32)
        return Automaton(np.stack(self.classes), self.begins_word, *rows.T.copy())

    def _class(self, mask):
        for number, known in enumerate(self.classes):
            if np.array_equal(known, mask):
                return number
        self.classes.append(mask.copy())
        return len(self.classes) - 1
