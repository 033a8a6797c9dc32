"""The tests of users: its own database, no broker, and nobody else."""
