"""The pages that are no laboratory: the first one, the words."""
