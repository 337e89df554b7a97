"""What the pictures show, as arrays: one file per picture; `chainrule.plot.numbers` lists them."""
