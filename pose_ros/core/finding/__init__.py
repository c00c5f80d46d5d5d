"""How people are found in a frame: one region a person, or everybody at once."""
