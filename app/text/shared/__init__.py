"""Words and numbers that several pages use."""
