"""The console: shows a Mesh that it is handed, and acts through nothing else."""
