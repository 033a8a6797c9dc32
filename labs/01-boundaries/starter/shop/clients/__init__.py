"""What the shop asks of other services: one module for each of them."""
