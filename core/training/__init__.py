"""Training: the loop, what learns in it, checkpoints, and where it runs."""

from core.training.loop import Training, one_thread_without_subnormals, train

__all__ = ["Training", "one_thread_without_subnormals", "train"]
