"""Words of Memory."""
