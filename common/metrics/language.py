"""Language-model scores per word or character, independent of the tokenizer."""

import math

from ..errors import UserError
from .score import Score


def word_perplexity(nll: float, words: int, unknown: int = 0) -> Score:
    """exp(nll / words), comparable between tokenizers.

    Models with unknown tokens do not compare, since they predict <unk> instead of the word; the
    signature counts these tokens.

    Args:
        nll: negative log-likelihood of the text in nats, summed over its tokens.
        words: number of words.
        unknown: number of unknown tokens.

    Raises:
        UserError: there are no words.
    """
    value = _exp(_mean(nll, words, "word"))
    signature = f"exp(nll/words)|words between spaces and ends of lines:{words}|unknown:{unknown}"
    return Score("word perplexity", value, signature)


def bits_per_character(nll: float, characters: int, unknown: int = 0) -> Score:
    """nll / (characters ln 2), where each line end counts as a character.

    Arguments and errors as for `word_perplexity`.
    """
    value = _mean(nll, characters, "character") / math.log(2)
    signature = f"nll/(characters*ln2)|characters and ends of lines:{characters}|unknown:{unknown}"
    return Score("bits per character", value, signature)


def character_perplexity(nll: float, characters: int, unknown: int = 0) -> Score:
    """exp(nll / characters) of Chinese text, which has no spaces between words.

    `characters` counts only Chinese characters: punctuation and line ends are predicted as well,
    but do not lower the mean. Arguments and errors as for `word_perplexity`.
    """
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
