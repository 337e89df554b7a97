"""The parts of a report, one file each; each has `section(facts)`."""
