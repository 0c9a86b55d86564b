"""The prose beside the pictures, and how numbers are written in it."""
