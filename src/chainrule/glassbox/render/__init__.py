"""Writers: the same pages as text, LaTeX and HTML."""
