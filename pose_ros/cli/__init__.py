"""The pose-ros command."""
