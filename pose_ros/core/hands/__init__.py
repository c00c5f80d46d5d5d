"""Hands of tracked people, and hands alone."""
