"""Pictures of the page Series."""
