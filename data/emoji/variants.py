"""Finds emoji that are variants of each other, in skin tone, gender, hair or direction."""

SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # light to dark
HAIR = "\U0001f9b0\U0001f9b1\U0001f9b2\U0001f9b3"
GENDERS = "\u2640\u2642"
JOINERS = "\u200d\ufe0f"
FACING_RIGHT = "\u27a1"
PEOPLE = "\U0001f468\U0001f469\U0001f9d1"  # man, woman, person
# Older code points that newer sequences spell out.
SAME = {
    "\U0001f48f": "P\u2764\U0001f48bP",  # kiss
    "\U0001f491": "P\u2764P",  # couple with heart
    "\U0001f46b": "P\U0001f91dP",  # woman and man holding hands
    "\U0001f46c": "P\U0001f91dP",
    "\U0001f46d": "P\U0001f91dP",
    "\U0001f46f": "P\U0001f430P",  # people with bunny ears
    "\U0001f93c": "P\U0001faefP",  # wrestlers
    "\U0001f91d": "\U0001faf1\U0001faf2",  # handshake
}
FLAGS = "\U0001f3f3\U0001f3f4\U0001f3c1\U0001f6a9\U0001f38c"


def base(emoji: str) -> str:
    """An emoji without skin tones, gender, hair and direction; people become "P"."""
    dropped = SKIN_TONES + HAIR + GENDERS + JOINERS + FACING_RIGHT
    kept = "".join("P" if c in PEOPLE else c for c in emoji if c not in dropped)
    return SAME.get(kept, kept) or emoji


def is_flag(emoji: str) -> bool:
    """Whether it is a flag: of a country or region (spelled in letters or tags), or another."""
    return emoji[0] in FLAGS or all("\U0001f1e6" <= c <= "\U0001f1ff" for c in emoji)
