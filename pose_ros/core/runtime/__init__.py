"""LiteRT and the model store."""
