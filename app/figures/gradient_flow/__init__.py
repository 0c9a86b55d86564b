"""Pictures of the page "Gradient flow" that no other page has."""
