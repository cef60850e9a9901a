"""What a parser's process may not do: Landlock, seccomp, and where neither is."""
