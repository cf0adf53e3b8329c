"""Text to label probabilities in TensorFlow operations only; evaluate, infer, export run this."""

import math

import numpy as np
import tensorflow as tf

from apps.classify.dataset import read
from apps.classify.model import Classifier
from common import serving
from common.files import read_json
from common.metrics import Score
from common.runs import best_weights
from common.text import PAD
from common.text import load as load_tokenizer
from common.unicode import valid_text


class Pipeline(serving.Pipeline):
    """Tokenizer and model as one function of strings."""

    def __init__(self, config, model, tokenizer, labels):
        super().__init__(model)
        self.config, self.tokenizer, self.labels = config, tokenizer, tuple(labels)
        self._batched = serving.Batched(self._ranked)

    def classify(self, texts):
        """string `[batch]` -> (probabilities float32 `[batch, labels]`, tokens, attention, both
        `[batch, time]`). Traceable."""
        tokens = read(self.tokenizer, texts, self.config.data.max_length).to_tensor(PAD)
        logits, weights = self.model(tokens)
        return tf.nn.softmax(logits), tokens, weights

    def _ranked(self, texts, _):
        probabilities, order = tf.math.top_k(self.classify(texts)[0], len(self.labels))
        return tf.gather(tf.constant(self.labels), order), probabilities

    def __call__(self, texts, batch_size=64):
        """Any number of strings -> for each a list of (label, probability), best first."""
        texts = list(map(valid_text, texts))
        return self._batched(texts, None, batch_size, key=len)

    def attention(self, text):
        """(tokens of a text, their attention weights); empty for an empty text."""
        if not self.tokenizer.tokenize([text]).flat_values.shape[0]:
            return [], np.zeros([0])
        _, tokens, weights = self.classify(tf.constant([text]))
        return self.tokenizer.pieces(tokens.numpy()[0]), weights.numpy()[0]


def mean_nll(ranked, references) -> Score:
    """Mean of -log of the probability of the reference labels."""
    given = [max(dict(one)[label], 1e-38) for one, label in zip(ranked, references, strict=True)]
    return Score(
        "nll", -sum(map(math.log, given)) / len(references), f"nats|mean|n:{len(references)}"
    )


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    tokenizer, labels = load_tokenizer(run.path), read_json(run.path / "labels.json")
    model = Classifier(run.config.model, tokenizer.vocab_size, len(labels))
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, tokenizer, labels), meta
