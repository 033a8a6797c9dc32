"""Where an order is: a service of its own."""
