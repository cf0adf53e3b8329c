"""The process and its machine: loading TensorFlow quietly, memory, signals, several workers.

The modules: `tensorflow` imports it without log noise, `allocator` tunes glibc, `signals` stops a
training safely, `workers` trains with several processes."""
