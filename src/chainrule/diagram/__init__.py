"""Network diagrams with the true weights, as SVG, TikZ, PNG or PDF (`model.plot()`, `trace.diagram()`).

recorded run --content--> stages and wires --places--> positions --draw--> shapes --svg, tikz, raster--> file
"""

from chainrule.diagram.diagram import Diagram as Diagram
from chainrule.diagram.diagram import network as network
