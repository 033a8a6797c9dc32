"""One package for each service. They share this folder and nothing else."""
