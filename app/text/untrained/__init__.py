"""Words of the page Untrained."""
