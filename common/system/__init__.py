"""The process and its machine: loading TensorFlow without log noise, tuning the C allocator,
stopping safely on signals, and training with several workers."""
