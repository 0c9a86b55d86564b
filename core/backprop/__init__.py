"""Backpropagation through time: loss, hand-written gradients, truncation, clipping. Import the modules by name."""
