"""Pictures: reading them, convolutional encoders, the cache of their features."""
