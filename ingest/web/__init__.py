"""Documents from the web: one request, in a process of its own."""
