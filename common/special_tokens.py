"""The four tokens that every vocabulary begins with, and the score of what may not come next."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")

# Log-probability, or score before a softmax, of what may not happen: a forbidden token, a padded
# position. Finite, so that no difference of two of them is NaN.
FORBIDDEN = -1e9
