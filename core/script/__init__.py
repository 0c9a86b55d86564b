"""A run as a program of its own: plain torch, nothing of this project. Import the modules by name."""
