"""What whoever hosts this server asks of it: whether it lives, whether it is ready, and its figures."""
