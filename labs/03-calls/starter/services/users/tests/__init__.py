"""The tests of users: its own database, and nobody else."""
