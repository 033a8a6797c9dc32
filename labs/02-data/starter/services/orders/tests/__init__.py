"""The tests of orders: its own database, a stand-in for the shop, and nobody else."""
