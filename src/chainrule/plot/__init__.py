"""Pictures of data, networks and training (`chainrule.plot`)."""
