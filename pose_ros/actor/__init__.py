"""The drawn person whose joints are known: demo and ground truth."""
