"""Readers of your own files: text, tables, captions, tagged words, stories and MIDI.

Each leaves out what it cannot use and says so by number.
"""
