"""Reading Keras scripts without running them: what chainrule has of what they use."""
