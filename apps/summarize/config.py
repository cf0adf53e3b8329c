"""Configuration and presets of a summarisation run."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from common.config import (
    BatchingConfig,
    BeamConfig,
    Cell,
    Count,
    Natural,
    Range,
    Rate,
    Seed,
    Share,
    TokenizerConfig,
    TrainingConfig,
    Weight,
    check,
)
from common.errors import UserError


@dataclass(frozen=True)
class DataConfig:
    name: str = "docstrings"
    """Data set from data/README.md; ignored with data.train."""
    version: str = ""
    """Configuration of the data set; empty: its first."""
    train: str = ""
    """Your own training file (or .gz): TSV or CSV with a header line, JSON lines or a JSON list."""
    validation: str = ""
    """Your own validation file; without it, 2 % of the training examples are held out."""
    test: str = ""
    """Your own test file, for `evaluate`."""
    document_field: str = "document"
    """Your own files: field to summarise (in JSON a text, or a list of several documents)."""
    summary_field: str = "summary"
    """Your own files: field with the summary (in JSON a text, or a list of references)."""
    max_length: Annotated[int, Range(2)] = 200
    """Maximum source tokens; the rest is cut off. Several documents get equal shares."""
    max_summary: Annotated[int, Range(2)] = 40
    """Maximum summary tokens; longer summaries are left out of training."""
    line_mark: str = ""
    """Replaces line breaks where they carry meaning, for example between speakers."""
    limit: Natural = 0
    """Number of training examples to use; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    cell: Cell = "lstm"
    """Recurrent cell of encoder and decoder; docs/layers.md has the equations."""
    units: Count = 256
    """State size of the encoder (in each direction) and of the decoder."""
    embedding_dim: Count = 128
    """Size of the token embeddings, shared by encoder, decoder and output layer."""
    encoder_layers: Count = 1
    """Bidirectional layers; from the third on with residual connections."""
    decoder_layers: Count = 1
    """Layers of the decoder; from the third on with residual connections."""
    attention: Literal["additive", "general", "scaled"] = "scaled"
    """Attention score: additive (Bahdanau), general or scaled (Luong; general / sqrt(units))."""
    input_feeding: bool = False
    """Feed the attention output into the next step (Luong et al.); slower: steps run in turn."""
    pointer: bool = True
    """Copy words from the source (See et al.); without it, summaries use the vocabulary only."""
    coverage: Weight = 1.0
    """Weight of the coverage loss in the second phase; 0: no coverage, faster."""
    coverage_from: Share = 0.75
    """Share of training after which the second phase, with coverage, begins."""
    embedding_dropout: Rate = 0.2
    """Dropout rate on the embeddings."""
    word_dropout: Rate = 0.0
    """With a pointer: share of an example's words treated as unknown, to learn copying."""
    dropout: Rate = 0.2
    """Dropout rate between recurrent layers and on the encoder's output."""
    output_dropout: Rate = 0.2
    """Dropout rate before the output layer."""


@dataclass(frozen=True)
class DecodingConfig:
    beam: BeamConfig = field(
        default_factory=lambda: BeamConfig(
            beam=5, length_penalty=1.0, min_length=3, no_repeat_ngram=3
        )
    )
    max_length: Count = 40
    """Maximum tokens of a summary."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    seed: Seed = 1
    """Random seed of the initial weights, dropout and shuffling."""

    def __post_init__(self):
        check(self)
        self.tokenizer.refuse_sampling()
        if self.training.jit:
            raise UserError("training.jit: XLA cannot compile the shapes of the loss: leave it off")


# Docstrings -> their first lines; README.md has times and scores of all presets.
DEFAULT = Config(
    data=DataConfig(max_length=120),
    tokenizer=TokenizerConfig(kind="joiner", vocab_size=6000),
    model=ModelConfig(word_dropout=0.1, embedding_dropout=0.3, dropout=0.3, output_dropout=0.3),
    batching=BatchingConfig(batch_size=48),
    training=TrainingConfig(epochs=6, learning_rate=2e-3, ema=0.998, validate_on=500),
    decoding=DecodingConfig(
        beam=BeamConfig(beam=5, length_penalty=1.5, min_length=3, no_repeat_ngram=3)
    ),
)

# E-mails -> subject lines.
AESLC = replace(
    DEFAULT,
    data=DataConfig(name="aeslc", max_length=150, max_summary=25),
    tokenizer=TokenizerConfig(kind="joiner", vocab_size=15000),
    training=TrainingConfig(epochs=8, learning_rate=2e-3, ema=0.998, validate_on=500),
    decoding=DecodingConfig(
        beam=BeamConfig(beam=5, length_penalty=1.0, min_length=2, no_repeat_ngram=3),
        max_length=25,
    ),
)

# Dialogues -> summaries. The mark between speakers' turns follows Gliwa et al. 2019.
SAMSUM = replace(
    DEFAULT,
    data=DataConfig(name="samsum", max_length=300, max_summary=60, line_mark=" | "),
    tokenizer=TokenizerConfig(kind="joiner", vocab_size=12000),
    training=TrainingConfig(epochs=10, learning_rate=2e-3, ema=0.998, validate_on=500),
    decoding=DecodingConfig(
        beam=BeamConfig(beam=5, length_penalty=1.0, min_length=10, no_repeat_ngram=3),
        max_length=70,
    ),
)

DEBIAN = replace(
    DEFAULT, data=DataConfig(name="debian_descriptions", max_length=160, max_summary=30)
)

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(version="small", max_length=40, limit=200),
    tokenizer=TokenizerConfig(kind="joiner", vocab_size=500),
    model=ModelConfig(units=32, embedding_dim=32),
    batching=BatchingConfig(batch_size=32),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
    decoding=DecodingConfig(max_length=20),
)

PRESETS = {
    "default": DEFAULT,
    "tiny": TINY,
    "aeslc": AESLC,
    "samsum": SAMSUM,
    "debian_descriptions": DEBIAN,
}
