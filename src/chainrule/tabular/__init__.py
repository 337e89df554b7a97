"""From a table in a file to a trained network with an honest report: what the command line does, as functions."""
