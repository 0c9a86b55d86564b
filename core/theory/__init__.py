"""Closed forms that the measured numbers are held against, one model a file. NumPy only."""
