"""Recurrent networks in Keras: layers, decoding, training, export.

Rooms, from the ground up; imports only ever lead down (tests/test_imports.py has the floors):

errors, special_tokens, keras_internals,         single modules that the rooms share
occurrences, limits, files, lists, cells,
unicode, searches
config, system                                   configurations; the process and its machine
text, runs, music, vision, baselines             tokenizers; run folders; two kinds of data; HMMs
metrics, layers, batches                         scores; recurrent layers; batches
decoding, training, analysis                     searches; the training loop; plots
serving, commands                                exports; what the commands of all apps share
"""

__version__ = "0.2.0.dev0"
