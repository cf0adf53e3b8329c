"""The voice model: pieces in voices as tokens, one note at a time."""
