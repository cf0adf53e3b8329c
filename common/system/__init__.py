"""The process and its machine: loading TensorFlow quietly, memory, signals, several workers."""
