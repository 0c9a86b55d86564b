"""What stands around a board: settings, buttons, sentences about what went wrong."""
