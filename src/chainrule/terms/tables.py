"""Terms of data: columns, splits, and what can be wrong with them."""

from chainrule.terms.term import entry as e

TERMS = (
    e(
        "baseline",
        "A simple answer to beat: always the commonest class or the mean, or a linear model. A network that does "
        "not beat it has learned nothing worth its weights.",
        see="verdict",
    ),
    e(
        "category",
        "A value that is a name rather than a quantity; it becomes features by one-hot encoding.",
        see="one-hot encoding",
    ),
    e(
        "class",
        "One of the answers that a classification chooses from.",
        also="label",
        see="classification",
    ),
    e(
        "class imbalance",
        "When some classes are much rarer than others. Accuracy then looks good for a network that never names "
        "the rare ones.",
        also="imbalance",
        see="class weight, accuracy",
    ),
    e(
        "class weight",
        "Counting the rows of rare classes more in the loss.",
        see="class imbalance, sample weight",
    ),
    e(
        "classification",
        "Predicting which class a row belongs to.",
        see="regression, class",
    ),
    e(
        "constant feature",
        "A column with the same value in all rows; it can tell nothing.",
        see="feature",
    ),
    e(
        "cross-validation",
        "Splitting the rows into parts, training once for each with that part held out, and averaging the scores.",
        see="test set",
    ),
    e(
        "drift",
        "When the rows a model meets come from another distribution than those it learned from.",
        see="test set",
    ),
    e(
        "explained alone",
        "How well a single feature by itself predicts the target; suspiciously well hints at leakage.",
        see="leakage",
    ),
    e(
        "imputation",
        "Filling in missing values, say with the median of the training rows.",
        also="missing values",
        see="median",
    ),
    e(
        "leakage",
        "When a feature gives away the target in a way that will not be there when predictions are needed, such "
        "as a column filled in afterwards.",
        also="leak",
        see="explained alone",
    ),
    e(
        "linearly separable",
        "When a straight line (or plane) parts the classes. OR is, XOR is not.",
        see="perceptron, XOR",
    ),
    e(
        "median",
        "The middle value: half of the rows lie below it. Plots hold features at it that they do not vary.",
        see="slice",
    ),
    e(
        "observation",
        "One row of the data, with its features and its target.",
        also="row, sample, example",
        see="feature",
    ),
    e(
        "one-hot encoding",
        "A category as several features, one for each possible value: 1 for the value it has, 0 for the others.",
        see="category, embedding",
    ),
    e(
        "outlier",
        "A value far away from all the others; it can dominate a squared error.",
        see="mean squared error",
    ),
    e(
        "preprocessing",
        "What is done to raw columns before they reach the network: scaling, filling in, encoding. It is fitted "
        "on the training rows alone and kept with the model.",
        see="standardisation, one-hot encoding",
    ),
    e(
        "probe",
        "A fixed sample of the training rows on which a recording keeps outputs and gradients, so that frames can"
        " be compared.",
        see="recording",
    ),
    e(
        "regression",
        "Predicting a quantity rather than a class.",
        see="classification, residual",
    ),
    e(
        "sample weight",
        "How much a row counts in the loss.",
        see="class weight",
    ),
    e(
        "split",
        "Dividing the rows into training, validation and test sets.",
        see="training set, validation set, test set",
    ),
    e(
        "standardisation",
        "Subtracting a column's mean and dividing by its spread, so that features are of similar size and one "
        "learning rate suits all.",
        also="scaling, normalisation",
        see="preprocessing",
    ),
    e(
        "target",
        "What is to be predicted, known for the training rows.",
        also="y",
        see="feature",
    ),
    e(
        "test set",
        "Rows that are used once, at the end, to say how good the model is on rows it has never met.",
        also="held-out rows",
        see="validation set",
    ),
    e(
        "training set",
        "The rows the weights are learned from.",
        see="validation set, test set",
    ),
    e(
        "validation set",
        "Rows that are not learned from but looked at while training, to choose settings and the moment to stop.",
        see="early stopping, test set",
    ),
)
