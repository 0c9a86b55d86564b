"""Several members of a comparison in one picture, with a band over the seeds of each."""
