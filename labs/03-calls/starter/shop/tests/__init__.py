"""The tests of the shop: its own database, stand-ins for orders and users, and nobody else."""
