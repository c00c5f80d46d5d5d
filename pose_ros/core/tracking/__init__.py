"""What is remembered from frame to frame: regions, identities, smoothing."""
