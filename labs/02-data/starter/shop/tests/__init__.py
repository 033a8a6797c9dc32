"""The tests of the shop: its own database, a stand-in for orders, and nobody else."""
