"""Pictures of the Clipping lab."""
