"""A reversible word tokenizer: detokenized text equals the normalised input.

Chinese is the exception: its characters are joined without spaces, but with a space next to a
letter or digit.
"""

import tensorflow as tf

from .tokenizer import sanitise
from .vocabulary import VocabularyTokenizer, normalise

JOINER = "￭"  # U+FFED, the joiner of OpenNMT's tokenizer
WORD = r"\p{L}\p{M}\p{N}_"
SPACE = "\x01"  # placeholder for a space within `split`; sanitised text has none


class JoinerTokenizer(VocabularyTokenizer):
    """Splits into runs of letters, digits and `_`, and single other characters, which carry joiner
    marks where there was no space.

        Don't call f(x), see re_2.py!  ->  Don ￭'￭ t call f ￭(￭ x ￭) ￭, see re_2 ￭.￭ py ￭!

    Only the single characters carry marks, so that a word is the same token in every context, as
    copying by pointer networks requires. Each Chinese character is a word.
    """

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        text = normalise(text, lowercase)  # without JOINER, which NFKC maps to another square
        text = tf.strings.regex_replace(text, " ", SPACE)
        text = tf.strings.regex_replace(text, r"\p{Han}", r" \0 ")
        mark = rf"[^\s{SPACE}{WORD}]"
        text = tf.strings.regex_replace(text, mark, rf" {JOINER}\0{JOINER} ")
        # No joiner next to a space or at either end; between two marks only that of the second.
        text = tf.strings.regex_replace(text, rf"(^|{SPACE}) {JOINER}", r"\1 ")
        text = tf.strings.regex_replace(text, rf"{JOINER} ($|{SPACE}| {JOINER})", r" \1")
        return tf.strings.split(tf.strings.regex_replace(text, SPACE, " "))

    def words(self, text) -> tf.RaggedTensor:
        """string [n] -> token strings, ragged [n, (length)], unknown words included."""
        return self.split(sanitise(tf.convert_to_tensor(text, tf.string)), self.config.lowercase)

    def join(self, words) -> tf.Tensor:
        """Token strings, ragged [n, (length)] -> string [n]."""
        text = tf.strings.reduce_join(words, axis=-1, separator=" ")
        text = tf.strings.regex_replace(text, rf"\s?{JOINER}\s?", "")
        for _ in range(2):  # twice: neighbours share a character, and matches do not overlap
            text = tf.strings.regex_replace(text, r"(\p{Han}) (\p{Han})", r"\1\2")
        return text

    def strings(self, tokens) -> tf.Tensor:
        """int32 [...] -> token strings of that shape, for ids below `vocab_size`."""
        return tf.gather(self._strings, tokens)

    def _join(self, tokens):
        return self.join(self.strings(tokens))
