"""What recorded numbers say, without torch: the web process reads them, and so does whoever opens a run's file."""
