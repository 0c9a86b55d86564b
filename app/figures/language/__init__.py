"""Pictures of the page "Language"."""
