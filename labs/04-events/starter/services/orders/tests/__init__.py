"""The tests of orders: its own database, stand-ins for users and the shop, no broker, and nobody else."""
