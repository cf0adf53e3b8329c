"""Configuration and presets of a translation run."""

from dataclasses import dataclass, field, replace
from typing import Literal

from common.config import (
    BatchingConfig,
    BeamConfig,
    Cell,
    Count,
    Natural,
    Positive,
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
    name: str = "bible"
    """Data set from data/README.md; ignored with data.train."""
    source: str = "kjv"
    """Source language (or version); for your own files a code such as de."""
    target: str = "bbe"
    """Target language (or version); for your own files a code, which the scores depend on."""
    train: tuple[str, ...] = ()
    """Your own training files: two aligned text files (source, target), or one TSV; also .gz."""
    validation: tuple[str, ...] = ()
    """Your own validation files; without them, 2 % of the training pairs are held out."""
    test: tuple[str, ...] = ()
    """Your own test files, for `evaluate`."""
    max_length: Count = 80
    """Maximum tokens per side; training leaves out longer pairs, longer input is split or cut."""
    limit: Natural = 0
    """Number of training pairs to use; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    cell: Cell = "lstm"
    """Recurrent cell of encoder and decoder; docs/layers.md has the equations."""
    units: Count = 256
    """State size of the encoder (in each direction) and of the decoder."""
    embedding_dim: Count = 256
    """Size of the token embeddings."""
    encoder_layers: Count = 1
    """Bidirectional layers; from the third on with residual connections."""
    decoder_layers: Count = 1
    """Layers of the decoder; from the third on with residual connections."""
    upper_layers: Natural = 0
    """Additional decoder layers above the attention, which read its output."""
    attention: Literal["additive", "general", "scaled"] = "scaled"
    """Attention score: additive (Bahdanau), general or scaled (Luong; general / sqrt(units))."""
    input_feeding: bool = False
    """Feed the attention output into the next step (Luong et al.); slower: steps run in turn."""
    tie: Literal["none", "output", "all"] = "all"
    """Share the output layer with the target embedding, or all three tables (joint vocabulary)."""
    embedding_dropout: Rate = 0.3
    """Dropout rate on the embeddings."""
    word_dropout: Rate = 0.0
    """Dropout rate of whole words (Gal & Ghahramani 2016)."""
    dropout: Rate = 0.3
    """Dropout rate between recurrent layers and on the encoder's output."""
    output_dropout: Rate = 0.3
    """Dropout rate before the output layer."""
    same_dropout: bool = False
    """Variational dropout: one mask for all time steps of a sequence."""
    label_smoothing: Rate = 0.1
    """Label smoothing: share of the target distribution spread over the whole vocabulary."""
    agreement: Weight = 0.0
    """Weight of R-Drop (Liang et al. 2021): makes two dropout passes agree; doubles the time."""
    scheduled_sampling: Share = 0.0
    """Scheduled sampling: final share of target words replaced by predictions, rising linearly."""


@dataclass(frozen=True)
class DecodingConfig:
    beam: BeamConfig = field(default_factory=lambda: BeamConfig(beam=5, length_penalty=1.0))
    length_ratio: Positive = 1.6
    """Maximum output length: this times the source length, plus length_extra."""
    length_extra: Natural = 10
    """See length_ratio."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    joint: bool = True
    """One vocabulary for both sides; required by model.tie all."""
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    seed: Seed = 1
    """Random seed of the initial weights, dropout and shuffling."""

    def __post_init__(self):
        check(self)
        if self.model.tie == "all" and not self.joint:
            raise UserError("model.tie all needs one vocabulary: --joint, or --model.tie output")
        for files in (self.data.train, self.data.validation, self.data.test):
            if len(files) > 2:
                raise UserError("data files: give two aligned text files, or one TSV file")


# King James English -> Basic English; README.md has times and scores of all presets.
DEFAULT = Config(
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=6000),
    model=ModelConfig(embedding_dropout=0.15, dropout=0.15, output_dropout=0.15),
    training=TrainingConfig(epochs=4, learning_rate=3e-3, ema=0.998),
)

# Lower-cased, as in the published results that it is compared with.
MULTI30K = Config(
    data=DataConfig(name="multi30k", source="en", target="de"),
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=6000, lowercase=True),
    model=ModelConfig(upper_layers=1, embedding_dropout=0.2, dropout=0.3, output_dropout=0.3),
    training=TrainingConfig(epochs=24, learning_rate=2e-3, ema=0.999),
    decoding=DecodingConfig(beam=BeamConfig(beam=5, length_penalty=1.3)),
)

MULTI30K_DE_EN = replace(
    MULTI30K,
    data=DataConfig(name="multi30k", source="de", target="en"),
    decoding=DecodingConfig(beam=BeamConfig(beam=5, length_penalty=1.0)),
)

# Chinese and English share no subwords, hence two vocabularies.
HSK = Config(
    data=DataConfig(name="hsk", source="zh", target="en"),
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=3000),
    joint=False,
    model=ModelConfig(
        units=192,
        embedding_dim=192,
        tie="output",
        word_dropout=0.1,
        embedding_dropout=0.4,
        dropout=0.4,
        output_dropout=0.4,
    ),
    training=TrainingConfig(epochs=40, learning_rate=2e-3, ema=0.998),
)

TATOEBA = Config(
    data=DataConfig(name="tatoeba", source="eng", target="fra"),
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=8000),
    model=ModelConfig(embedding_dropout=0.2, dropout=0.2, output_dropout=0.2),
    training=TrainingConfig(epochs=8, learning_rate=2e-3, ema=0.999),
)

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(max_length=40, limit=500),
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=500),
    model=ModelConfig(units=32, embedding_dim=32),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
)

PRESETS = {
    "default": DEFAULT,
    "tiny": TINY,
    "hsk": HSK,
    "multi30k": MULTI30K,
    "multi30k-de-en": MULTI30K_DE_EN,
    "tatoeba": TATOEBA,
}
