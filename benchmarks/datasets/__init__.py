"""Public question sets: one module a set, from its official files to `Item`s."""
