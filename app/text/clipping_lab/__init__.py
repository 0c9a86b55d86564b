"""Words of the Clipping lab."""
