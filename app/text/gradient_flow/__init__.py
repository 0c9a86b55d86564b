"""Words of Gradient flow."""
