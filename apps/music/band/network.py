"""The band, after "Song from PI" (Chu, Urtasun, Fidler 2016): a hierarchy of voice models.

    melody ~ Voices(conditions)
    chords ~ Voices(conditions, the whole melody)
    drums  ~ Voices(conditions, with the density of the melody)

Each layer is a recurrent network of its own, trained on the sets that have its tracks. No set here
has a melody and drums, so the drums read only what both kinds of set have of the melody: place in
the bar, style, tempo, and the density of onsets.
"""

import functools

import keras
import tensorflow as tf

from apps.music.band import styles
from apps.music.voices.conditions import BAND_CONDITIONS
from apps.music.voices.network import Voices
from common.text import PAD
from common.training import Losses

TRACKS = ("melody", "chords", "kick", "snare", "cymbals")
STYLE = 3  # its place among the facts and the conditions
# First and last track (exclusive) of a layer's network, and how many first ones are always given.
LAYERS = {"melody": (0, 1, 0), "chords": (0, 2, 1), "drums": (2, 5, 0)}


def own_style(layer, facts, unknown=-1):
    """Facts `[..., n]` without a style that the sets of a layer do not have; traceable.

    Args:
        unknown: the number of an unknown style, -1 in facts and 0 in conditions.
    """
    style = facts[..., STYLE]
    own = (style - unknown > len(styles.TONAL)) == (layer == "drums")
    style = tf.where(own, style, unknown)[..., None]
    return tf.concat([facts[..., :STYLE], style, facts[..., STYLE + 1 :]], -1)


class Band(keras.Model):
    """Tokens int32 `[batch, time, 5]`, PAD in the tracks that a set lacks -> likelihoods."""

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        self.parts = {
            name: Voices(config, end - start, BAND_CONDITIONS, name=name)
            for name, (start, end, _) in LAYERS.items()
        }
        self.built = True

    def _arrays(self, name, arrays):
        tokens, given, conditions = arrays
        start, end, known = LAYERS[name]
        conditions = own_style(name, conditions, unknown=0)
        known = tf.repeat([1, 0], [known, end - start - known])
        return tokens[..., start:end], tf.maximum(given[:, start:end], known), conditions

    def layer_losses(self, arrays, training=False):
        """float32 `[3, 2]`: (sum of losses, scored tokens) of melody, chords and drums."""

        def of_layer(part, own):
            losses = part.token_losses(own, training=training)
            return tf.stack([losses.total, losses.tokens])

        rows = []
        for name, part in self.parts.items():
            own = self._arrays(name, arrays)
            present = tf.reduce_any(own[0] != PAD)
            of_this = functools.partial(of_layer, part, own)
            rows.append(tf.cond(present, of_this, lambda: tf.zeros([2])))
        return tf.stack(rows)

    def token_losses(self, arrays, progress=0.0, training=True):
        """(tokens, given `[batch, 5]`, conditions) -> `Losses`."""
        total, count = tf.unstack(tf.reduce_sum(self.layer_losses(arrays, training), 0))
        return Losses(total, count, total)

    def nll(self, arrays):
        """-log P of the tracks that are not given, nats `[batch]`; no track may be missing."""
        return sum(part.nll(self._arrays(name, arrays)) for name, part in self.parts.items())
