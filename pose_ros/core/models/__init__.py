"""One module a model family: tensors in, people out."""
