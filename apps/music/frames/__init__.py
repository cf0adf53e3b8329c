"""The frame model: piano rolls, one frame at a time."""
