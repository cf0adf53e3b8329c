"""Text -> words -> network inputs, in TensorFlow operations, the same in training and exports."""

import tensorflow as tf

from common import text as tokenizers
from common.config import TokenizerConfig
from common.files import atomic, read_json, write_json
from common.text import (
    BOS,
    EOS,
    PAD,
    CharTokenizer,
    Lexicon,
    Marks,
    SpaceTokenizer,
    is_unspaced,
    normalise,
)

MOST_CHARACTERS = 20000


def keys(words, lowercase=True):
    """Vocabulary keys of words: NFKC, case folded, every digit a 0."""
    return tf.strings.regex_replace(normalise(words, lowercase), r"\p{N}", "0")


def learn(folder, config, sentences):
    """Writes the files of a `Reader` into a run's folder: vocabularies, tags, and the lexicon of a
    language without spaces. tags.json is written last."""
    cutting, words = config.data.cutting, [sentence.words for sentence in sentences]
    lines = [" ".join(sentence) for sentence in words]
    alphabet = TokenizerConfig("char", MOST_CHARACTERS)
    CharTokenizer.train(alphabet, lines, config.seed).save(folder, "characters")
    lines = (line.decode() for line in keys(lines, config.words.lowercase).numpy())
    SpaceTokenizer.train(config.words, lines, config.seed).save(folder, "words")
    if cutting == "lexicon" or (cutting == "auto" and is_unspaced(words)):
        with atomic(folder / "lexicon.model", "wb") as file:
            file.write(Lexicon.model(words))
    write_json(folder / "tags.json", sorted({tag for s in sentences for tag in s.tags}))


class Reader(tf.Module):
    """Splits texts into words and looks words up, with the files that `learn` wrote.

    `cut` is a function from texts `[n]` to words, ragged `[n, (words)]`.
    """

    def __init__(self, folder, config):
        super().__init__()
        self.tags = tuple(read_json(folder / "tags.json"))
        self.known = tokenizers.load(folder, "words")
        self.characters = tokenizers.load(folder, "characters")
        lexicon = folder / "lexicon.model"
        self.cut = Lexicon(lexicon.read_bytes()) if lexicon.exists() else Marks()
        self.sizes = self.known.vocab_size, self.characters.vocab_size, len(self.tags)
        self.head = config.model.max_characters // 2
        self.tail = config.model.max_characters - self.head

    def read(self, words):
        """string `[n]` -> (int32 `[n]`, <unk> for unknown words; characters int32 `[n, longest]`
        from BOS to EOS, for long words both ends)."""
        ids = self.known.lookup(keys(words, self.known.config.lowercase))
        spelled = self.characters.tokenize(words)
        border = tf.ones([tf.shape(words)[0], 1], tf.int32)
        head, tail = spelled[:, : self.head], spelled[:, self.head :][:, -self.tail :]
        return ids, tf.concat([BOS * border, head, tail, EOS * border], 1).to_tensor(PAD)
