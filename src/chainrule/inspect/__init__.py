"""What a trained network makes of its inputs: which columns matter, how, and where it errs most.

| question                                   | function                  | result          |
|--------------------------------------------|---------------------------|-----------------|
| which columns does it need?                | `permutation_importance`  | `Importance`    |
| how does its output move with one column?  | `partial_dependence`      | `Dependence`    |
| what pushed this prediction up or down?    | `contributions`           | `Contributions` |
| which rows does it get most wrong?         | `worst_errors`            | `Worst`         |

Results hold NumPy arrays, print as text and give data frames (`.to_frame()`). Each function takes a model of chainrule,
or any function from a matrix to outputs (but `contributions`, which needs derivatives). `as_estimator` lets the rest of
`sklearn.inspection` take a model, too.
"""

from chainrule.inspect.contributions import Contributions, contributions
from chainrule.inspect.dependence import Dependence, partial_dependence
from chainrule.inspect.estimator import as_estimator
from chainrule.inspect.importance import Importance, permutation_importance
from chainrule.inspect.worst import Worst, worst_errors

__all__ = [
    "Contributions", "Dependence", "Importance", "Worst", "as_estimator", "contributions", "partial_dependence",
    "permutation_importance", "worst_errors",
]  # fmt: skip
