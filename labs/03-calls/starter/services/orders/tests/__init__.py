"""The tests of orders: its own database, stand-ins for users and the shop, and nobody else."""
