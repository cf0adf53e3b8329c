"""Text generation and scoring in TensorFlow operations; evaluate, infer and export run this."""

import tensorflow as tf

from apps.lm import dataset
from apps.lm.model import LanguageModel
from apps.lm.scoring import Scored, token_log_probs
from apps.lm.text import Text, continued
from common import serving
from common.decoding import Beam, Sampling, run_search
from common.runs import best_weights
from common.text import EOS, PAD, UNK
from common.training import stream_nll, total_nll
from common.unicode import valid_text

TEXTS = tf.TensorSpec([None], tf.string)
BETWEEN = 1_000_003  # distance between the seeds that `best_of` draws with


class Pipeline(serving.Pipeline):
    """Tokenizer and model as functions from strings to strings."""

    def __init__(self, config, model, tokenizer):
        super().__init__(model)
        self.config, self.tokenizer = config, tokenizer
        self._compiled = {}
        self.pieces = tf.constant(tokenizer.pieces(range(tokenizer.vocab_size)))
        self.text = Text(tokenizer)

    def read(self, tokens):
        """Ragged int32 `[n, (length)]` -> (state after all tokens but the last, the last `[n]`).

        A text starts after the end of a line, from a zero state.
        """
        rows = tokens.nrows(tf.int32)
        whole = tf.concat([tf.fill([rows, 1], EOS), tokens], 1)
        before = whole.row_lengths() - 1
        last = tf.gather(whole.flat_values, whole.row_limits() - 1)
        padded = whole.to_tensor(PAD)  # [n, longest], with the last one, so never empty
        mask = tf.sequence_mask(before, tf.shape(padded)[1])
        _, state = self.model(padded, mask=mask)
        return state, last

    def generate(self, texts, seeds, *, max_length, lines=1, form=None, **options):
        """Continues texts: string `[n]`, seeds int32 `[n]` -> (texts, log-probabilities `[n]`,
        numbers of tokens written `[n]`, ends of lines included).

        Traceable. A result depends on its text and seed only. `lines`: number of lines to stop
        after, 0: none. `form`: an Automaton that constrains the text; the prompt is then context,
        not part of the result. `options`: those of `Sampling`.
        """
        prompts = self.text.encode(texts)
        state, first = self.read(prompts)
        rows = tf.shape(texts)[0]
        step, state, allowed = self._constrained(state, rows, form)
        found = run_search(
            Sampling(seeds, min_length=1 if lines == 1 and form is None else 0, **options),
            step,
            state,
            rows,
            max_length,
            keys=texts,
            first=first,
            allowed=allowed,
            eos=EOS if lines else -1,
            ends=max(lines, 1),
        )
        tokens = tf.RaggedTensor.from_tensor(found.tokens[:, 0], padding=PAD)
        if form is not None:
            written = self.text.decode(tokens)
        else:
            written = continued(self.text, texts, prompts, tokens)
        lengths, log_probs = found.lengths[:, 0], found.log_probs[:, 0]
        return written, tf.where(lengths > 0, log_probs, 0.0), lengths  # an empty text is certain

    def _constrained(self, state, rows, form):
        """(step, state, allowed) for a search: never <unk>, and only what the form allows."""
        known = tf.constant([number != UNK for number in range(self.tokenizer.vocab_size)])[None]
        if form is None:
            return self.model.step, state, lambda position, state: known
        step, state, obeys = form.around(self.model.step, state, rows)
        return step, state, lambda position, state: known & obeys(position, state)

    def score(self, texts):
        """string `[n]` -> (log-probabilities `[n, time]`, 0 past the end; tokens `[n, time]`)."""
        log_probs, labels = token_log_probs(self.model, self.text.encode(texts))
        return log_probs, tf.where(labels == PAD, "", tf.gather(self.pieces, labels))

    def _graph(self, name, function, signature, form=None):
        """The function as a graph, made once for each name; a form is passed as tensors, so that
        all forms share the graph."""
        key = name, form is None
        if form is not None:
            signature = [*signature, form.signature()]
        if key not in self._compiled:
            # Without autograph, which would wrap a UserError in a long message of its own.
            self._compiled[key] = tf.function(function, signature, autograph=False)
        given = () if form is None else (form.__class__(*map(tf.convert_to_tensor, form)),)
        return lambda *arguments: self._compiled[key](*arguments, *given)

    # In memory ----------------------------------------------------------------------------------

    def write(self, prompts, seeds=1, *, best_of=1, form=None, max_length=None, **options):
        """A continuation of each prompt, list of str: the most probable per token of `best_of`.

        Options default to the run's own (`WritingConfig`). `seeds`: one for all, or one each.
        """
        ours = self.config.writing
        names = ("temperature", "top_k", "top_p", "lines")
        options = {name: getattr(ours, name) for name in names} | options
        max_length = max_length or ours.max_tokens
        if form is not None:  # the longest text that the form allows
            options["lines"], max_length = 1, len(form.class_of)
        write = self._graph(
            ("write", *sorted(options.items())),
            lambda texts, seeds, longest, form=None: self.generate(
                texts, seeds, max_length=longest, form=form, **options
            ),
            [TEXTS, tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)],
            form,
        )
        texts = tf.constant(list(map(valid_text, prompts)), tf.string)
        texts = tf.repeat(texts, best_of)
        seeds = tf.broadcast_to(tf.constant(seeds, tf.int32), [len(prompts)])
        seeds = tf.reshape(seeds[:, None] + BETWEEN * tf.range(best_of), [-1])
        texts, log_probs, lengths = write(texts, seeds, max_length)
        mean = tf.reshape(log_probs / tf.cast(tf.maximum(lengths, 1), tf.float32), [-1, best_of])
        best = tf.argmax(mean, 1).numpy()
        texts = texts.numpy().reshape(-1, best_of)
        return [row[n].decode("utf-8", "replace") for row, n in zip(texts, best, strict=True)]

    def likeliest(self, form, number=1, beam=16):
        """The `number` most probable texts of a form that a beam finds, best first."""
        search = Beam(max(beam, number), length_penalty=0.0, n_best=number)

        def likeliest(texts, longest, form):
            state, first = self.read(self.text.encode(texts))
            step, state, allowed = self._constrained(state, 1, form)
            found = run_search(search, step, state, 1, longest, first=first, allowed=allowed)
            tokens = tf.RaggedTensor.from_tensor(found.tokens[0], padding=PAD)
            return self.text.decode(tokens), found.lengths[0]

        signature = [TEXTS, tf.TensorSpec([], tf.int32)]
        found = self._graph(("likeliest", number, beam), likeliest, signature, form)
        texts, lengths = found([""], len(form.class_of))
        return [t.decode() for t, n in zip(texts.numpy(), lengths.numpy(), strict=True) if n]

    def nll(self, tokens, rows=1):
        """(sum of nll, number of tokens) of an encoded text: as a stream in `rows` rows whose
        state is carried from beginning to end, or line by line if the run was trained so."""
        config, model = self.config, self.model
        if config.streams.mode == "lines":
            return total_nll(model.line_losses, dataset.make_batches(config, tokens, rows=64))
        streams = dataset.make_batches(config, tokens, rows=rows)
        return stream_nll(model.token_losses, streams, model.zero_state(streams.batch_size))

    def unknown(self, text):
        """The words or characters of a text for which the tokenizer has no token."""
        parts = sorted(set(text if self.tokenizer.config.kind == "char" else text.split()))
        if not parts:
            return []
        tokens = self.tokenizer.tokenize(tf.constant(list(map(valid_text, parts))))
        return [part for part, row in zip(parts, tokens.numpy(), strict=True) if UNK in row]

    def scores(self, texts, batch_size=32):
        """A `Scored` for each text."""
        score = self._graph("score", self.score, [TEXTS])
        results = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        for start in range(0, len(order), batch_size):
            numbers = order[start : start + batch_size]
            batch = tf.constant([valid_text(texts[n]) for n in numbers])
            log_probs, tokens = (a.numpy() for a in score(batch))
            for row, n in enumerate(numbers):
                kept = [token.decode() for token in tokens[row] if token]
                results[n] = Scored(texts[n], kept, log_probs[row, : len(kept)].tolist())
        return results


def load(run, *, without_cudnn=False):
    """(the pipeline of a run with its best weights, the checkpoint's metadata)."""
    tokenizer = dataset.load_tokenizer(run.path)
    model = LanguageModel(run.config.model, tokenizer.vocab_size)
    meta = best_weights(run, model, without_cudnn=without_cudnn)
    return Pipeline(run.config, model, tokenizer), meta
