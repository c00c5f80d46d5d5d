"""Many recordings on many cores and machines."""
