"""Every written sentence finds the sentences of the documents that it rests on, and is checked."""
