"""Work that outlives whoever asked for it."""
