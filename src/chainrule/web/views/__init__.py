"""The data of the page's tabs: one module each, with `compute(stage, **parameters) -> JSON-like values`.

Parameters come from the address as text. Views are bounded: of many rows they take some, of many columns the first or
the largest, and say so.
"""
