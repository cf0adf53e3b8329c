"""Scores of running text that do not depend on the vocabulary."""

import math

from ..errors import UserError
from .score import Score


def word_perplexity(nll: float, words: int, unknown: int = 0) -> Score:
    """exp(nll / words), nll in nats summed over a whole text, whatever tokens it was cut into.

    Perplexities of models with other vocabularies compare, as long as none has unknown tokens: an
    unknown word is guessed as such, not spelt. So the signature counts them.
    Errors: `UserError` when there is no word.
    """
    value = _exp(_mean(nll, words, "word"))
    signature = f"exp(nll/words)|words between spaces and ends of lines:{words}|unknown:{unknown}"
    return Score("word perplexity", value, signature)


def bits_per_character(nll: float, characters: int, unknown: int = 0) -> Score:
    """nll / (characters ln 2); characters of the text, a line end counting as one."""
    value = _mean(nll, characters, "character") / math.log(2)
    signature = f"nll/(characters*ln2)|characters and ends of lines:{characters}|unknown:{unknown}"
    return Score("bits per character", value, signature)


def character_perplexity(nll: float, characters: int, unknown: int = 0) -> Score:
    """exp(nll / characters) of Chinese text, whose words are not parted: `characters` counts the
    Chinese ones; marks and line ends are predicted too, but do not dilute the mean."""
    value = _exp(_mean(nll, characters, "Chinese character"))
    signature = f"exp(nll/characters)|Chinese characters:{characters}|unknown:{unknown}"
    return Score("character perplexity", value, signature)


def _exp(mean):
    try:
        return math.exp(mean)
    except OverflowError:
        return math.inf


def _mean(nll, count, unit):
    if count <= 0:
        raise UserError(f"there is no {unit} to score: give a text")
    return nll / count
