"""Data set or your own file -> tagged sentences -> batches."""

import numpy as np
import tensorflow as tf

import data
from apps.tag.reader import Reader, learn
from common.baselines import TagCounts
from common.batches import Batches
from common.text import PAD
from data.readers import tagged_text
from data.splits import one_in, print_left_out, read_split


def own_sentences(path, config, tell=True):
    """Reads the sentences of your own file and reports what is left out."""
    return print_left_out(path, tagged_text.of_file(path, config.column), tell)


def read_sentences(config, split):
    """`data.readers.tagged_text.Sentence`s of the split "train", "validation" or "test"."""
    return read_split(
        config,
        split,
        lambda split: tagged_text.of_set(config.name, split, config.version),
        lambda path, given: own_sentences(path, config, tell=given == split),
        one_in(10, "sentence", lambda sentence: " ".join(sentence.words)),
    )


def make_reader(config, sentences, folder):
    """Loads the run's reader, or learns one from the training sentences and saves it."""
    if not (folder / "tags.json").exists():
        learn(folder, config, sentences)
    return Reader(folder, config)


def tag_counts(config):
    """`TagCounts` of the training sentences, for the baselines and for the set of known words."""
    sentences = read_sentences(config, "train")
    return TagCounts([s.words for s in sentences], [s.tags for s in sentences])


class TaggedBatches(Batches):
    """`Batches` of (words, characters of the batch's distinct words, row of each word in them,
    tags), the input of `Tagger.token_losses`.

    Args:
        reader: the run's `Reader`. sentences: with tags of the run only (`known_tags`).
        longest: sentences with more words are left out and counted; None: no limit.
    """

    def __init__(self, config, reader, sentences, longest=None):
        short = [s for s in sentences if not longest or len(s.words) <= longest]
        if left := len(sentences) - len(short):
            print(f"{left:,} of {len(sentences):,} sentences left out: over {longest} words")
        sentences = short
        places = {"": 0}  # of distinct words; 0 is padding
        numbers = [[places.setdefault(w, len(places)) for w in s.words] for s in sentences]
        tag_ids = {tag: n for n, tag in enumerate(reader.tags)}
        super().__init__(
            [numbers, [[tag_ids[tag] for tag in s.tags] for s in sentences]],
            config.batching,
            config.seed,
        )
        ids, characters = reader.read(tf.constant(list(places)))
        self.ids, self.characters = ids.numpy(), characters.numpy()
        self.ids[0] = PAD

    @property
    def signature(self):
        return tuple(tf.TensorSpec([None, None], tf.int32) for _ in range(4))

    def arrays(self, batch):
        """(words, characters, rows, tags), int32."""
        forms, tags = super().arrays(batch)
        distinct, rows = np.unique(forms, return_inverse=True)
        characters = self.characters[distinct]
        longest = (characters != PAD).sum(1).max()
        rows = rows.reshape(forms.shape).astype(np.int32)
        return self.ids[forms], characters[:, :longest], rows, tags


def known_tags(sentences, tags):
    """The sentences with no other tags than `tags`; reports how many are left out."""
    kept = [sentence for sentence in sentences if set(sentence.tags) <= set(tags)]
    if left := len(sentences) - len(kept):
        strange = sorted({tag for s in sentences for tag in s.tags} - set(tags))
        print(f"{left:,} sentences left out of the loss: training has no tag {', '.join(strange)}")
    if not kept:
        raise data.DataError("no sentence has only tags of the training data: check --data.column")
    return kept
