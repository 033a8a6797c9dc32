"""The tests of payments: its own database, a stand-in for orders, no broker, and nobody else."""
