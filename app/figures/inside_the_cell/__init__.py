"""Pictures of Inside the cell."""
