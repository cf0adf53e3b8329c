"""Recurrent layers, attention and the attention decoder, shared by all apps."""

from common.layers.attention import Attention
from common.layers.convert import from_keras, to_keras
from common.layers.crf import CRF
from common.layers.ctrnn import CTRNN
from common.layers.decoder import AttentionDecoder
from common.layers.elman import ElmanRNN, JordanRNN
from common.layers.embedding import Embedding
from common.layers.gru import GRU
from common.layers.lstm import LSTM, PeepholeLSTM
from common.layers.plain_decoder import PlainDecoder
from common.layers.pointer import CopySource, Pointer, copied_mass, coverage_loss
from common.layers.recurrent import CELLS, Stack, recurrent

__all__ = [
    "CELLS",
    "CRF",
    "CTRNN",
    "GRU",
    "LSTM",
    "Attention",
    "AttentionDecoder",
    "CopySource",
    "ElmanRNN",
    "Embedding",
    "JordanRNN",
    "PeepholeLSTM",
    "PlainDecoder",
    "Pointer",
    "Stack",
    "copied_mass",
    "coverage_loss",
    "from_keras",
    "recurrent",
    "to_keras",
]
