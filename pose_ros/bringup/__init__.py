"""What the launch files start, as data: computed and checked without launch."""
