"""People seen by several calibrated cameras: one person, one id, positions by triangulation."""
