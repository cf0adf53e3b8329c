"""Recurrent layers, attention and the attention decoder, shared by all apps."""

from common.layers.attention import Attention
from common.layers.decoder import AttentionDecoder
from common.layers.embedding import Embedding
from common.layers.lstm import LSTM
from common.layers.pointer import CopySource, Pointer, copied_mass, coverage_loss
from common.layers.recurrent import CELLS, Stack, recurrent

__all__ = [
    "CELLS",
    "LSTM",
    "Attention",
    "AttentionDecoder",
    "CopySource",
    "Embedding",
    "Pointer",
    "Stack",
    "copied_mass",
    "coverage_loss",
    "recurrent",
]
