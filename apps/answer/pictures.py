"""Draws the attention of a question to the sentences of its story."""

import numpy as np

from common.analysis import attention_map


def hops(path, look, answer):
    """Draws a row for each sentence of the story and a column for each hop; the first row has the
    weight on no sentence. Returns warnings; without a story, nothing is drawn."""
    if not look.sentences:
        return [f"the text has no story, so {path} is not written"]
    attention = np.array(look.attention).T.reshape(len(look.sentences), -1)  # [sentences, hops]
    hops = len(look.attention)
    none = 1 - attention.sum(0, keepdims=True)
    columns = [f"hop {number}" for number in range(1, hops + 1)]
    title = f"{look.question}?  {answer.answer} ({answer.probability:.0%})"
    rows = ["(none)", *look.sentences]
    return attention_map(path, np.concatenate([none, attention]), rows, columns, title)
