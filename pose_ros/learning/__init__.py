"""Learning motions from examples: recording, training, evaluating. The node needs none of it."""
