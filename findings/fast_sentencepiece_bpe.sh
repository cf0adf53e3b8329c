#!/usr/bin/env bash
# Belief: FastSentencepieceTokenizer of tensorflow-text gives the ids that
#   sentencepiece gives for the same model file, or refuses the file.
# Fact: it takes BPE models without an error and cuts nearly every sentence
#   otherwise than the merges say. Byte fallback is ignored too, in unigram models
#   as well: a letter outside the pieces becomes <unk>, not its bytes. A network
#   trained on sentencepiece's ids gets other ids when served.
# Way out: SentencepieceTokenizer (the slow one), or unigram without byte fallback.
# Versions: tensorflow 2.21.0, tensorflow-text 2.21.1, sentencepiece 0.2.3
# Date: 2026-11-28
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"${PYTHON:-python3}" -m venv "$tmp/env"
"$tmp/env/bin/pip" install -q --disable-pip-version-check \
    tensorflow==2.21.0 tensorflow-text==2.21.1 sentencepiece==0.2.3
cd "$tmp"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= "$tmp/env/bin/python" - <<'PY' 2>"$tmp/log" || { tail -n 20 "$tmp/log"; exit 1; }
import io
import random

import sentencepiece
import tensorflow_text

random.seed(3)
WORDS = """rain rains raining rainy sail sails sailing sailor walk walks walking
walker the a old older oldest kind kinder kindest over under""".split()
lines = [" ".join(random.choices(WORDS, k=8)) for _ in range(2000)]
tests = lines[:200]
STRANGE = "the jazz café"


def train(kind, fallback):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type=kind,
        byte_fallback=fallback, vocab_size=310 if fallback else 54,
        hard_vocab_limit=False, num_threads=1, minloglevel=2)
    return model.getvalue()


def differing(tokenizer, processor, texts):
    ids = tokenizer.tokenize(texts).to_list()
    return sum(found != processor.encode(text) for found, text in zip(ids, texts))


print("texts whose ids are not sentencepiece's")
print(f"{'model':25} {'tokenizer':28} {'known letters':>13}  {STRANGE!r}")
for kind in ("unigram", "bpe"):
    for fallback in (False, True):
        model = train(kind, fallback)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        for name in ("SentencepieceTokenizer", "FastSentencepieceTokenizer"):
            tokenizer = getattr(tensorflow_text, name)(model)
            known = differing(tokenizer, processor, tests)
            strange = differing(tokenizer, processor, [STRANGE])
            label = kind + (", byte fallback" if fallback else "")
            print(f"{label:25} {name:28} {known:5} of {len(tests)}  {strange} of 1")
            fast = name.startswith("Fast")
            if fast and kind == "bpe":
                assert known > len(tests) * 0.9, "BPE is cut as it should be now"
            else:
                assert known == 0, (label, name)
            if fast and fallback:
                unknown = tokenizer.tokenize([STRANGE]).to_list()[0].count(processor.unk_id())
                assert unknown > 0, "byte fallback works now"
                assert processor.unk_id() not in processor.encode(STRANGE)
            elif not fast:
                assert strange == 0, (label, name)
        text = tests[0]
        fast = tensorflow_text.FastSentencepieceTokenizer(model)
        if kind == "bpe" and not fallback:
            example = [
                [processor.id_to_piece(i) for i in ids]
                for ids in (processor.encode(text), fast.tokenize([text]).to_list()[0])]
print("bpe, the same sentence:")
print("  sentencepiece", *example[0])
print("  fast         ", *example[1])
print("As written above: BPE and byte fallback are silently not what they should be.")
PY
