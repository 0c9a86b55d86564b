"""Pictures of a sweep: one quantity over the settings that it varies, and all of them as a table."""
