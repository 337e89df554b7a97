"""Sentences of a derivation, one concern per file: forward, loss, backward, paths, matrices, single ops, update."""
