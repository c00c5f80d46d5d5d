"""Where people are in space: positions in metres from depth, from the model or from their size."""
