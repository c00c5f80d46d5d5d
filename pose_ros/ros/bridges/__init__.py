"""People in the messages of other packages: one module a standard, imported when asked for."""
