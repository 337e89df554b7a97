"""What is drawn: one file per picture; `chainrule.plot` lists them."""
