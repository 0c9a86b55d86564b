"""Pictures of the page Untrained."""
