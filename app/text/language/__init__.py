"""Words of Language."""
