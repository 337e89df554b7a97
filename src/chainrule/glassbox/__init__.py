"""The glass box: what a network computes and how it learns, shown number by number (`chainrule.trace`)."""

from chainrule.glassbox.mean import Mean as Mean
from chainrule.glassbox.node import Node as Node
from chainrule.glassbox.numeric import CheckResult as CheckResult
from chainrule.glassbox.observation import Observation as Observation
from chainrule.glassbox.trace import Trace as Trace
from chainrule.glassbox.trace import trace as trace
