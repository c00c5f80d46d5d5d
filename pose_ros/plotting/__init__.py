"""What people did over time, as one image."""
