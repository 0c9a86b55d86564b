"""Pictures: pure functions of frames and arrays; one file per picture."""
