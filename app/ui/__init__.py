"""The pages of `catena ui`. They know the client and its types, and nothing else."""
