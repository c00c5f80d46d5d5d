"""What is well on this machine, and what to do about the rest: ``pose-ros doctor``."""
