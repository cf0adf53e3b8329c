"""Tokenizers of TensorFlow operations, identical in memory and in an exported graph.

`train_tokenizer` trains one of six kinds, `load` reads it back; every tokenizer is a `tf.Module`,
so a SavedModel that holds it maps raw strings to raw strings. The package also offers word
segmentation (`Marks`, `Lexicon`), splitting of long text at sentence ends (`split_long`), and the
extended vocabulary of pointer networks (`extended_ids`, `target_ids`, `hide_words`).
"""

from ..config.sections import TokenizerConfig
from ..occurrences import first_positions
from ..special_tokens import BOS, EOS, PAD, SPECIAL_TOKENS, UNK
from .extended_vocabulary import extended_ids, hide_words, target_ids
from .joiner_tokenizer import JOINER, JoinerTokenizer
from .registry import ENOUGH, load, one_hot, train_tokenizer
from .sentence_split import SENTENCE_END, split_long
from .subwords import SentencePieceTokenizer
from .tokenizer import Tokenizer, sanitise, sanitised_lines, visible_tokens
from .vocabulary import CharTokenizer, SpaceTokenizer, WordTokenizer, normalise
from .word_segmentation import Lexicon, Marks, is_unspaced

__all__ = [
    "BOS",
    "ENOUGH",
    "EOS",
    "JOINER",
    "PAD",
    "SENTENCE_END",
    "SPECIAL_TOKENS",
    "UNK",
    "CharTokenizer",
    "JoinerTokenizer",
    "Lexicon",
    "Marks",
    "SentencePieceTokenizer",
    "SpaceTokenizer",
    "Tokenizer",
    "TokenizerConfig",
    "WordTokenizer",
    "extended_ids",
    "first_positions",
    "hide_words",
    "is_unspaced",
    "load",
    "normalise",
    "one_hot",
    "sanitise",
    "sanitised_lines",
    "split_long",
    "target_ids",
    "train_tokenizer",
    "visible_tokens",
]
