"""Words and marks that come back as they were written: text -> tokens -> the same text.

But for Chinese: its characters come back without spaces between them, and with one where a letter
or digit stands beside them.
"""

import tensorflow as tf

from .tokenizer import sanitise
from .vocabulary import VocabularyTokenizer, normalise

JOINER = "￭"  # U+FFED, the joiner of OpenNMT's tokenizer
WORD = r"\p{L}\p{M}\p{N}_"
SPACE = "\x01"  # stands for a space between the steps of `split`; sanitised text has none


class JoinerTokenizer(VocabularyTokenizer):
    """Runs of letters, digits and `_`; other characters alone, marked where no space stood.

        Don't call f(x), see re_2.py!  ->  Don ￭'￭ t call f ￭(￭ x ￭) ￭, see re_2 ￭.￭ py ￭!

    Only the single characters carry marks, so that a word is the same token wherever it stands:
    what pointer networks copy. Chinese characters are words of their own.
    """

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        text = normalise(text, lowercase)  # which has no JOINER: NFKC makes it another square
        text = tf.strings.regex_replace(text, " ", SPACE)
        text = tf.strings.regex_replace(text, r"\p{Han}", r" \0 ")
        mark = rf"[^\s{SPACE}{WORD}]"
        text = tf.strings.regex_replace(text, mark, rf" {JOINER}\0{JOINER} ")
        # No joiner where a space stood, or at either end; of two neighbours only the second's.
        text = tf.strings.regex_replace(text, rf"(^|{SPACE}) {JOINER}", r"\1 ")
        text = tf.strings.regex_replace(text, rf"{JOINER} ($|{SPACE}| {JOINER})", r" \1")
        return tf.strings.split(tf.strings.regex_replace(text, SPACE, " "))

    def words(self, text) -> tf.RaggedTensor:
        """string [n] -> token strings, ragged [n, (length)], known or not."""
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
