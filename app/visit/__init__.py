"""One visitor: the link that says what is looked at, the session that keeps it, the token that may steer runs."""
