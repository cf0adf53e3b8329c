"""The band: melody, chords and drums by a hierarchy of voice models."""
