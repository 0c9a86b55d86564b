"""Following the teacher: one shows, all who have the code see the same, and answer what they are asked."""
