"""Language models on this machine: which there are, how they come here, and the server that runs one."""
