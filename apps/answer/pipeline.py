"""Text to answer in TensorFlow operations only; evaluate, infer and export all run this."""

import re
import sys
from typing import NamedTuple

import tensorflow as tf

from apps.answer.model import Answerer
from apps.answer.source import read, split
from common import serving
from common.errors import UserError
from common.files import read_json
from common.lists import first_few
from common.runs import best_weights
from common.text import PAD, UNK
from common.text import load as load_tokenizer
from common.unicode import valid_text


class Answer(NamedTuple):
    answer: str
    probability: float


class Look(NamedTuple):
    sentences: list[str]  # of the story, those that are read
    question: str
    attention: list[list[float]]  # [hops, sentences]; the rest to 1 is on no sentence


class Pipeline(serving.Pipeline):
    """Tokenizer, model and list of answers as one function from strings to strings."""

    def __init__(self, config, model, tokenizer, answers):
        super().__init__(model)
        self.config, self.tokenizer = config, tokenizer
        self.answers = tf.constant(answers)
        self._batched = serving.Batched(self.answer)
        spec = tf.TensorSpec([None], tf.string)
        self._look = tf.function(lambda texts: self.run(texts)[1:], input_signature=[spec])

    def run(self, texts):
        """string `[n]` -> (probabilities `[n, answers]`, attention `[n, hops, sentences]`, Source).

        Traceable. `attention[..., 0]` is the weight on no sentence.
        """
        source = read(self.tokenizer, texts, self.config.data.max_sentences)
        logits, attention = self.model(source.tokens.to_tensor(PAD))
        return tf.nn.softmax(logits), attention, source

    def answer(self, texts, n_best=1):
        """string `[n]` -> (answers, probabilities), both `[n, n_best]`, best first. Traceable."""
        probabilities, _, source = self.run(texts)
        found = tf.math.top_k(probabilities, min(n_best, self.answers.shape[0]))
        # Without a question there is no answer.
        empty = source.empty[:, None]
        answers = tf.where(empty, "", tf.gather(self.answers, found.indices))
        return answers, tf.where(empty, 0.0, found.values)

    def __call__(self, texts, n_best=1, quiet=False, first=1):
        """Any number of strings -> for each a list of n_best `Answer`s.

        Unless `quiet`, notes on stderr list unknown words, and texts, numbered from `first`, with
        too many sentences or without a question.
        """
        texts = list(map(valid_text, texts))
        if not quiet:
            self._tell(texts, first)
        found = self._batched(texts, n_best, key=len)
        return [[Answer(*pair) for pair in ranked] for ranked in found]

    def best(self, texts):
        """The best answer to each text."""
        return [found[0].answer for found in self(texts, quiet=True)]

    def look(self, texts, size=64):
        """For each text the `Look` of the question at its story; needs a network with attention."""
        if self.config.model.kind == "flat":
            raise UserError("this network has no attention: train one with --model.kind memory")
        looks = []
        for start in range(0, len(texts), size):
            attention, source = self._look(tf.constant(texts[start : start + size]))
            for weights, row in zip(attention.numpy(), source.sentences.to_list(), strict=True):
                *story, question = [sentence.decode() for sentence in row] or [""]
                looks.append(Look(story, question, weights[:, 1 : len(story) + 1].tolist()))
        return looks

    def _tell(self, texts, first):
        def note(what, found):
            if found:
                print(f"note: {what}: {first_few(found, 10)}", file=sys.stderr)

        words = sorted({word for text in texts for word in re.findall(r"\w+", text)}) or [""]
        tokens = self.tokenizer.tokenize(tf.constant(words)).to_list()
        unknown = [word for word, ids in zip(words, tokens, strict=True) if UNK in ids]
        note("words that are not in the training data", unknown)
        counts, most = (
            split(tf.constant(texts)).row_lengths().numpy(),
            self.config.data.max_sentences,
        )
        long = [n for n, count in enumerate(counts, first) if count > most + 1]
        note(f"only the last {most} sentences of a story are read, of text", long)
        stated = [n for n, t in enumerate(texts, first) if t.rstrip().endswith((".", "。"))]
        note("the last sentence is read as a question but ends in a full stop, in text", stated)
        note("no question in text", [n for n, count in enumerate(counts, first) if not count])


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    tokenizer, answers = load_tokenizer(run.path), read_json(run.path / "answers.json")
    model = Answerer(run.config.model, tokenizer.vocab_size, len(answers))
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, tokenizer, answers), meta
