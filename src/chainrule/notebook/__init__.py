"""What notebooks show in place of a `repr`: models and histories as small HTML, without any script or library."""
