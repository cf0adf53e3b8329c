"""Recurrent networks in Keras: layers, decoding, training, export.

Packages from the bottom layer to the top; a module imports only from its own layer or from those
below (tests/test_imports.py holds the layers):

errors, special_tokens, keras_internals,         single modules that the rooms share
occurrences, limits, files, lists, cells,
unicode, searches
config, system                                   configurations; process and machine setup
text, runs, music, vision, baselines             tokenizers; run folders; music, pictures; HMMs
metrics, layers, batches                         scores; recurrent layers; batches
decoding, training, analysis                     searches; the training loop; plots
serving, commands                                exports; code shared by the apps' commands
"""

__version__ = "0.2.0.dev0"
