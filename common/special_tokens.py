"""The four special tokens at the start of every vocabulary, and the score of forbidden tokens."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")

# Log-probability, or score before a softmax, of a forbidden token or a padded position. Finite, so
# that the difference of two of them is not NaN.
FORBIDDEN = -1e9
