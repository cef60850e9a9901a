"""Confinement of a parser's process: Landlock, seccomp, and where neither is."""
