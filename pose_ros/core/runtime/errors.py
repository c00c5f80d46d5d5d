"""The error of everything that has to do with model files."""


class ModelError(RuntimeError):
    """A model that cannot be used: names the file, what was expected and what was found."""
