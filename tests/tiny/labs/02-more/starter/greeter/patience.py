"""How long the greeter waits for its neighbour, in seconds."""

PATIENCE_S = 0.3
