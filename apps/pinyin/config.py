"""Configuration and presets of a pinyin run."""

from dataclasses import dataclass, field, replace

from common.config import (
    BatchingConfig,
    BeamConfig,
    Cell,
    Count,
    Natural,
    Rate,
    Seed,
    Share,
    TrainingConfig,
    check,
)


@dataclass(frozen=True)
class DataConfig:
    parts: tuple[str, ...] = ("people_daily",)
    """Configurations of the data set `pinyin`: people_daily, reviews, hsk, or several together.
    Ignored with data.train."""
    train: tuple[str, ...] = ()
    """Your own training files or folders of Chinese text; the pinyin is derived from it."""
    validation: tuple[str, ...] = ()
    """Your own validation files; without them, 2 % of the training pieces are held out."""
    test: tuple[str, ...] = ()
    """Your own test files, for `evaluate`."""
    limit: Natural = 0
    """Number of training pieces to use; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    cell: Cell = "lstm"
    """Recurrent cell of all three stacks; docs/layers.md has the equations."""
    units: Count = 256
    """State size of the encoder (in each direction), the decoder and the language model."""
    embedding_dim: Count = 192
    """Size of the syllable and character embeddings; characters share theirs with the output."""
    pair_buckets: Count = 40009
    """Rows of each of the two hashed tables of pairs."""
    pair_dim: Count = 64
    """Size of the pair embeddings."""
    encoder_layers: Count = 1
    """Bidirectional layers over the syllables."""
    decoder_layers: Count = 1
    """Layers of the decoder."""
    language_layers: Count = 1
    """Layers of the character language model."""
    word_dropout: Rate = 0.05
    """Share of previous characters hidden from decoder and language model in training."""
    embedding_dropout: Rate = 0.1
    """Dropout rate on the embeddings."""
    dropout: Rate = 0.2
    """Dropout rate between layers and on the encoder's output."""
    output_dropout: Rate = 0.2
    """Dropout rate before the output layer."""


@dataclass(frozen=True)
class DecodingConfig:
    beam: BeamConfig = field(default_factory=lambda: BeamConfig(beam=10, length_penalty=0.0))
    language_weight: Share = 0.4
    """Weight w of the language model: log p = (1 - w) log p_decoder + w log p_language."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    seed: Seed = 1
    """Random seed of the initial weights, dropout and shuffling."""

    def __post_init__(self):
        check(self)


# People's Daily of January 1998; README.md has times and scores of all presets.
DEFAULT = Config(
    batching=BatchingConfig(batch_size=96),
    training=TrainingConfig(epochs=3, learning_rate=2e-3, ema=0.998, validate_on=1000),
)

# Newspaper and reviews together, for text of any kind.
MIXED = replace(DEFAULT, data=DataConfig(parts=("people_daily", "reviews")))

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(parts=("hsk",), limit=500),
    model=ModelConfig(units=32, embedding_dim=32, pair_buckets=500, pair_dim=16),
    batching=BatchingConfig(batch_size=64),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
)

PRESETS = {"default": DEFAULT, "tiny": TINY, "mixed": MIXED}
