"""State-space models declared as equations."""
