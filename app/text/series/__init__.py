"""Words of the page Series."""
