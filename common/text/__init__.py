"""Text in, integers out: tokenizers that are the same in memory and inside an exported graph.

`train_tokenizer` learns one of six kinds, `load` reads it back; every tokenizer is a `tf.Module` of
TensorFlow operations only, so a SavedModel that holds it takes and gives raw strings. Also: word
segmentation, splitting long text at sentences, and the extended vocabulary of pointer networks.
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
