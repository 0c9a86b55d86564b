"""Words of Inside the cell."""
