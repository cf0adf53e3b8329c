"""Text forms as automata over a tokenizer's vocabulary: quatrains, acrostics, templates."""

import re
import unicodedata

import numpy as np
import tensorflow as tf

from common.decoding.automaton import AutomatonBuilder
from common.errors import UserError
from common.text import EOS, SPECIAL_TOKENS, UNK
from common.unicode import valid_text

MARKS = (",", "。", ",", "。")  # NFKC narrows the wide comma, decoding widens it again
SLOT = re.compile(r"\{\s*\w+\s*(?::\s*(\d+)\s*(?:-\s*(\d+)\s*)?)?\}")
WORDS = (1, 3)  # of a slot without limits
LONGEST_WORD = 10  # tokens
HOLDER = "\ue000"  # a private-use character, in no text, so always a separate unknown token
GAP = "▁"  # SentencePiece's mark for a space


def quatrain(tokenizer, length, beginning="", acrostic=""):
    """Four lines of `length` Chinese characters, each with its closing mark, then the end.

    Args:
        beginning: first characters of the poem (marks and spaces are ignored).
        acrostic: four characters, the first of each line.
    Raises: UserError for a tokenizer without Chinese characters as tokens, or for characters that
        it does not have.
    """
    pieces = tokenizer.pieces(range(tokenizer.vocab_size))
    numbers = {piece: number for number, piece in enumerate(pieces)}
    characters = np.array([len(piece) == 1 and _is_han(piece) for piece in pieces])
    if not (characters.any() and all(mark in numbers for mark in MARKS)):
        raise UserError("a poem needs a model of Chinese characters: train the preset quatrains")
    beginning = [c for c in unicodedata.normalize("NFKC", beginning) if _is_han(c)]
    wanted = dict(enumerate(beginning))
    if len(beginning) > 4 * length:
        raise UserError(
            f"the beginning has {len(beginning)} characters, the poem {4 * length}: cut it"
        )
    if acrostic:
        if len(acrostic) != 4:
            raise UserError(f"the acrostic {acrostic} has {len(acrostic)} characters: give four")
        for line, character in enumerate(unicodedata.normalize("NFKC", acrostic)):
            if wanted.setdefault(line * length, character) != character:
                raise UserError(f"line {line + 1} does not begin with {character}: change the text")
    if missing := [c for c in wanted.values() if not _is_han(c) or c not in numbers]:
        raise UserError(f"the model has never seen {' '.join(missing)}: choose other characters")
    poem = AutomatonBuilder(tokenizer.vocab_size)
    for line, mark in enumerate(MARKS):
        for place in range(line * length, (line + 1) * length):
            if place in wanted:
                poem.literal(numbers[wanted[place]])
            else:
                poem.one_of(characters)
        poem.literal(numbers[mark])
    poem.literal(EOS)
    return poem.build()


def template(tokenizer, text):
    """The text with slots `{name}`, `{name:2}` or `{name:1-3}`, each of which takes this number of
    words (or of characters, with a tokenizer of characters), letters and digits only.

    A slot ends where the text continues: the token after it is never part of the slot.
    Raises: UserError for a text without slots, for bad limits, for two slots with nothing between
        them, or for words that the tokenizer does not have.
    """
    if left := re.search(r"[{}]", SLOT.sub("", text)):
        raise UserError(
            f"the template has a stray {left.group()}: a slot is {{name}} or {{name:1-3}}"
        )
    limits = [_limits(match) for match in SLOT.finditer(text)]
    if not limits:
        raise UserError("the template has no slots: write one as {name} or {name:1-3}")
    if re.search(rf"{HOLDER}\s*{HOLDER}", SLOT.sub(HOLDER, text)):
        raise UserError("two slots of the template need a word or a mark between them")
    kind = tokenizer.config.kind
    held = SLOT.sub(f" {HOLDER} " if kind == "space" else HOLDER, text)
    tokens = tokenizer.tokenize(tf.constant([valid_text(held)])).numpy()[0].tolist()
    pieces = tokenizer.pieces(range(tokenizer.vocab_size))
    if tokens.count(UNK) != len(limits):
        unknown = [w for w in SLOT.sub(" ", text).split() if _unknown(tokenizer, w)]
        raise UserError(f"the model has never seen {' '.join(unknown[:8])}: use other words")
    begins = np.array([kind not in ("bpe", "unigram") or piece.startswith(GAP) for piece in pieces])
    usable = np.array([bool(re.fullmatch(f"{GAP}?[\\w'’-]+", piece)) for piece in pieces])
    usable &= np.array([piece != GAP and piece not in SPECIAL_TOKENS for piece in pieces])
    if kind == "char":
        usable |= np.array([piece == " " for piece in pieces])
    gap = pieces.index(GAP) if GAP in pieces else None
    form = AutomatonBuilder(tokenizer.vocab_size, begins)
    tokens = [EOS, *tokens, EOS]
    for before, token, following in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token == UNK:
            glued = not begins.all() and before not in (gap, EOS)
            pieces_of_word = 1 if begins.all() else LONGEST_WORD
            form.slot(usable, *limits.pop(0), pieces_of_word, following, glued)
        elif before != UNK and not (token == gap and following == UNK):
            form.literal(token)  # the token after a slot is the exit of the slot
    if tokens[-2] != UNK:
        form.literal(EOS)
    return form.build()


def _limits(match):
    least, most = match.groups()
    if least is None:
        return WORDS
    found = int(least), int(most or least)
    if not 1 <= found[0] <= found[1] <= 50:
        raise UserError(f"the slot {match.group()} has invalid limits: give 1 to 50, as in 1-3")
    return found


def _unknown(tokenizer, word):
    return UNK in tokenizer.tokenize(tf.constant([valid_text(word)])).numpy()[0]


def _is_han(character):
    return "CJK UNIFIED" in unicodedata.name(character, "") or character == "〇"
