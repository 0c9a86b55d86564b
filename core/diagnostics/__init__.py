"""What a recorded gradient says. Import the modules by name: the web process may import those without torch."""
