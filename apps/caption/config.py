"""Configuration and presets of a captioning run."""

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
    name: str = "emoji"
    """Data set from data/README.md; ignored with data.train."""
    language: str = "en"
    """Language of the captions."""
    folder: str = ""
    """Folder that picture names in your own captions files start from; "": that of the file."""
    train: str = ""
    """Your own training captions: TSV (picture, caption) or JSON in COCO's or Karpathy's layout."""
    validation: str = ""
    """Your own validation captions; without them, 5 % of the training pictures are held out."""
    test: str = ""
    """Your own test captions, for `evaluate`."""
    words: Literal["plain", "coco"] = "coco"
    """Captions as written, or lower-cased without punctuation, as coco-caption compares them."""
    max_length: Count = 30
    """Maximum tokens of a caption; longer captions are left out of training."""
    limit: Natural = 0
    """Number of training pictures to use; 0: all."""


@dataclass(frozen=True)
class EncoderConfig:
    name: str = "cnn"
    """cnn (small, trained from scratch), efficientnet-lite0, or a network of keras.applications."""
    size: Count = 72
    """Width and height in pixels that pictures are scaled to."""
    train: bool = True
    """Train the encoder too; otherwise its features are computed once and kept on disk."""
    widths: Annotated[tuple[int, ...], Range(1)] = (24, 48, 96, 160)
    """cnn: channels of its stages."""
    shift: Share = 0.0
    """Augmentation (of a trained encoder): maximum shift, as a share of the picture size."""
    zoom: Share = 0.0
    """Augmentation: maximum change of size, as a share."""
    turn: Weight = 0.0
    """Augmentation: maximum rotation in radians."""
    light: Share = 0.0
    """Augmentation: maximum change of brightness and contrast, as a share."""
    flip: bool = False
    """Augmentation: mirror half of the pictures; a frozen encoder's features are kept for both."""


@dataclass(frozen=True)
class ModelConfig:
    picture: Literal["attention", "state", "word"] = "attention"
    """Picture input of the decoder: attention over its cells, as first state, or as first word."""
    cell: Cell = "lstm"
    """Recurrent cell of the decoder; docs/layers.md has the equations."""
    units: Count = 256
    """State size of the decoder, and depth that the picture's cells are projected to."""
    embedding_dim: Count = 256
    """Size of the word embeddings."""
    layers: Count = 1
    """Layers of the decoder below the attention."""
    upper_layers: Natural = 1
    """Additional decoder layers above the attention, which read its output."""
    attention: Literal["additive", "dot", "general", "scaled"] = "scaled"
    """Attention score: additive (Bahdanau), or Luong's dot, general or scaled."""
    gate: bool = False
    """Gate on the attention output, as in Show, Attend and Tell (Xu et al. 2015)."""
    input_feeding: bool = False
    """Feed the attention output into the next step (Luong et al.); slower: steps run in turn."""
    doubly_stochastic: Weight = 0.0
    """Weight of sum_i (1 - sum_t attention_ti)^2, which favours attending to every cell (ibid.)."""
    tie: bool = True
    """Share the output layer with the word embedding."""
    picture_dropout: Rate = 0.2
    """Dropout rate on the picture's cells."""
    embedding_dropout: Rate = 0.2
    """Dropout rate on the embeddings."""
    dropout: Rate = 0.2
    """Dropout rate between recurrent layers."""
    output_dropout: Rate = 0.2
    """Dropout rate before the output layer."""
    label_smoothing: Rate = 0.1
    """Label smoothing: share of the target distribution spread over the whole vocabulary."""
    agreement: Weight = 0.0
    """Weight of R-Drop (Liang et al. 2021): makes two dropout passes agree; doubles the time."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    tokenizer: TokenizerConfig = field(
        default_factory=lambda: TokenizerConfig(kind="word", vocab_size=10000)
    )
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    decoding: BeamConfig = field(
        default_factory=lambda: BeamConfig(beam=5, length_penalty=1.0, min_length=1)
    )
    metric: Literal["cider_d", "bleu4", "exact"] = "cider_d"
    """Validation score, of greedy captions, that selects the weights to keep."""
    start_from: str = ""
    """Folder of a run whose weights initialise this one, for example to train its encoder too."""
    seed: Seed = 1
    """Random seed of the initial weights, dropout, augmentation and shuffling."""

    def __post_init__(self):
        check(self)
        self.tokenizer.refuse_sampling()
        if self.encoder.name == "cnn" and not self.encoder.train:
            raise UserError("encoder cnn has no pretrained weights: leave --encoder.train on")
        if len(self.encoder.widths) != 4:
            raise UserError("encoder.widths: give four numbers of channels")
        if self.training.jit and self.encoder.train:
            raise UserError(
                "training.jit: XLA cannot augment pictures: use "
                "--encoder.no-train with a pretrained network"
            )
        if self.model.picture != "attention" and (self.model.gate or self.model.doubly_stochastic):
            raise UserError("model.gate and model.doubly-stochastic need --model.picture attention")


# Emoji and their names: pictures are drawn, not downloaded. README.md has times and scores.
DEFAULT = Config(
    data=DataConfig(words="plain"),
    encoder=EncoderConfig(size=96, shift=0.03, zoom=0.05, turn=0.05),
    model=ModelConfig(picture_dropout=0.1, embedding_dropout=0.1, dropout=0.1, output_dropout=0.1),
    batching=BatchingConfig(batch_size=16),
    training=TrainingConfig(epochs=40, learning_rate=2e-3, ema=0.99),
    metric="exact",
)

FLICKR8K = Config(
    data=DataConfig(name="flickr8k"),
    encoder=EncoderConfig(name="efficientnet-lite0", size=224, train=False),
    tokenizer=TokenizerConfig(kind="word", vocab_size=10000, min_count=5),
    model=ModelConfig(
        units=512,
        embedding_dim=256,
        picture_dropout=0.3,
        embedding_dropout=0.4,
        dropout=0.4,
        output_dropout=0.4,
    ),
    training=TrainingConfig(epochs=10, learning_rate=1e-3, ema=0.999),
)

FLICKR8K_ZH = replace(
    FLICKR8K,
    data=DataConfig(name="flickr8k", language="zh", words="plain"),
    tokenizer=TokenizerConfig(kind="char", vocab_size=3000, min_count=3),
)

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(words="plain", limit=200),
    encoder=EncoderConfig(size=32, widths=(8, 8, 16, 16), shift=0.1),
    model=ModelConfig(units=32, embedding_dim=32),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
)

PRESETS = {
    "default": DEFAULT,
    "tiny": TINY,
    "flickr8k": FLICKR8K,
    "flickr8k-zh": FLICKR8K_ZH,
}
