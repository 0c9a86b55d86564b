"""Words on a sweep."""
