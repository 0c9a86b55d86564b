"""Pictures of the page "Memory"."""
