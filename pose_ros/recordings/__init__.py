"""Recordings: images out of bags, and people and events into bags and tables."""
