"""Digest of training data, by which a resumed run notices that its data has changed."""

import hashlib
from pathlib import Path

import numpy as np


def digest_of(examples) -> dict:
    """The number of examples, and a digest of all of them in their order.

    Args:
        examples: strings, bytes, numbers, arrays, or tuples and lists of these. Of a `Path` only
            the name counts, so that data may move to another folder.

    Returns:
        {"examples": int, "digest": str}, as JSON keeps it.
    """
    digest, count = hashlib.blake2b(digest_size=16), 0
    for example in examples:
        digest.update(repr(_plain(example)).encode("utf-8", "surrogatepass"))
        count += 1
    return {"examples": count, "digest": digest.hexdigest()}


def changes(kept, found) -> str:
    """The differences between two dicts of `digest_of`s, as `training: 600 examples, now 90`."""
    parts = []
    for name, facts in found.items():
        before = kept.get(name) if isinstance(kept, dict) else None
        if before == facts:
            continue
        count = before.get("examples") if isinstance(before, dict) else None
        now = facts["examples"]
        if count == now:
            parts.append(f"{name}: {now:,} examples as before, but others")
        else:
            count = f"{count:,}" if type(count) is int else "an unknown number of"
            parts.append(f"{name}: {count} examples, now {now:,}")
    return "; ".join(parts)


def _plain(value):
    """A value whose `repr` holds all of its content."""
    if isinstance(value, tuple | list):
        return tuple(part if type(part) is str else _plain(part) for part in value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, hashlib.blake2b(value.tobytes()).digest()
    if isinstance(value, Path):
        return value.name
    if isinstance(value, np.generic):
        return value.item()
    return value
