"""Words of the Microscope."""
