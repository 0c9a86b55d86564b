"""Words of the Truncation lab."""
