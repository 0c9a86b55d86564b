"""Words of Compare."""
