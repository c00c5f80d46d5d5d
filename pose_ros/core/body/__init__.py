"""One body per person, measured once per frame."""
