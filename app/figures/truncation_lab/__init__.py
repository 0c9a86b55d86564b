"""Pictures of the Truncation lab."""
