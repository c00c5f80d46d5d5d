"""What people do: gestures."""
