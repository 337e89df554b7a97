"""Terms of judging: scores, pictures, health."""

from chainrule.terms.term import entry as e

TERMS = (
    e(
        "accuracy",
        "The share of rows whose class was predicted rightly.",
        see="class imbalance, confusion matrix",
    ),
    e(
        "Brier score",
        "The mean squared difference between predicted probabilities and what happened: 0 is perfect, 0.25 is "
        "what always saying one half scores.",
        see="calibration",
    ),
    e(
        "calibration",
        "Whether probabilities mean what they say: of all rows given 0.8, about 80 % should belong to the class.",
        also="reliability",
        see="expected calibration error, Brier score",
    ),
    e(
        "check",
        "The comparison of all gradients on a page with central differences; its largest difference is shown.",
        see="central difference",
    ),
    e(
        "confidence interval",
        "The range in which a score would probably lie for other test rows of the same kind; few rows make it wide.",
        also="interval",
        see="test set",
    ),
    e(
        "confusion matrix",
        "A table that counts, for each true class, how often each class was predicted.",
        see="precision, recall",
    ),
    e(
        "contribution",
        "How much one input pushed one prediction up or down: its value times its weight, or times the gradient "
        "of the output.",
        see="permutation importance",
    ),
    e(
        "dead ReLU",
        "A unit with a ReLU whose sum is negative for every row: it gives 0, its gradient is 0, and it can no "
        "longer learn.",
        also="dead unit",
        see="ReLU, learning rate",
    ),
    e(
        "decision boundary",
        "Where the network is undecided between two classes: p = 0.5. Drawn black on white, so that it is seen on"
        " every colour.",
        also="boundary",
        see="decision region",
    ),
    e(
        "decision region",
        "The part of the plane of two features in which one class is predicted.",
        see="decision boundary, slice",
    ),
    e(
        "derivation",
        "A prediction and its gradients with every number written out, as one would do by hand.",
        see="trace, chain rule",
    ),
    e(
        "expected calibration error",
        "The mean gap between predicted probability and observed share, over bins of predictions.",
        also="ECE",
        see="calibration",
    ),
    e(
        "exploding gradient",
        "A gradient that grows from layer to layer on its way back, until steps overshoot everything.",
        see="vanishing gradient, clipping",
    ),
    e(
        "F1 score",
        "One number for precision and recall: their harmonic mean, high only if both are.",
        also="F1",
        see="precision, recall, macro F1",
    ),
    e(
        "frame",
        "What a recording keeps of one moment: weights, gradients, outputs, numbers of health.",
        see="recording",
    ),
    e(
        "generalisation",
        "How well what was learned holds for new rows.",
        see="overfitting, test set",
    ),
    e(
        "gradient flow",
        "The sizes of the gradients layer by layer; a healthy network learns in all of them.",
        see="vanishing gradient, exploding gradient",
    ),
    e(
        "histogram",
        "How often values fall into each of a row of ranges.",
        see="saturation",
    ),
    e(
        "individual conditional expectation",
        "A partial dependence curve for a single row.",
        also="ICE",
        see="partial dependence",
    ),
    e(
        "log loss",
        "The mean cross-entropy of predicted probabilities.",
        see="cross-entropy",
    ),
    e(
        "macro F1",
        "The mean of the F1 scores of all classes, each counting the same however rare it is.",
        see="F1 score",
    ),
    e(
        "metric",
        "A score that is watched but not descended on, such as accuracy.",
        also="score",
        see="loss, accuracy",
    ),
    e(
        "overfitting",
        "Learning the training rows by heart: their loss still falls while that of the validation rows rises.",
        also="overfit",
        see="generalisation, early stopping, regularisation",
    ),
    e(
        "partial dependence",
        "How the mean prediction changes when one feature is set to each of its values in all rows, the others "
        "left as they are.",
        also="PDP",
        see="individual conditional expectation",
    ),
    e(
        "permutation importance",
        "How much the score falls when one column is shuffled among the rows: what the model loses without it.",
        also="importance",
        see="contribution",
    ),
    e(
        "precision",
        "Of the rows predicted to be of a class, the share that is.",
        see="recall",
    ),
    e(
        "precision-recall curve",
        "Precision against recall as the threshold moves; tells more than ROC where the class is rare.",
        also="PR curve",
        see="precision, recall, threshold",
    ),
    e(
        "prediction",
        "What the network says about a row: p, and from it a class.",
        also="ŷ",
        see="threshold, output",
    ),
    e(
        "prediction table",
        "All observations as rows, with h, p, predicted class and loss of each.",
        see="trace",
    ),
    e(
        "principal directions",
        "The two directions in the space of all weights along which the path of training spreads most; they span "
        "the loss surface of a network with many weights.",
        also="PCA",
        see="loss surface",
    ),
    e(
        "quiz",
        "A derivation with blanks to fill in by hand; answers are checked to the digits shown.",
        see="derivation",
    ),
    e(
        "R²",
        "The share of the target's variance that the predictions explain: 1 is perfect, 0 no better than the mean.",
        also="coefficient of determination",
        see="RMSE, baseline",
    ),
    e(
        "recall",
        "Of the rows that are of a class, the share that was found.",
        also="sensitivity, true positive rate",
        see="precision",
    ),
    e(
        "recording",
        "A file with frames of a training, which the page, the report and TensorBoard can show.",
        also="run file",
        see="frame, probe",
    ),
    e(
        "residual",
        "Target minus prediction, for one row of a regression.",
        see="regression, RMSE",
    ),
    e(
        "RMSE",
        "The root of the mean squared error: a typical error, in the units of the target.",
        also="root mean squared error",
        see="mean squared error, MAE",
    ),
    e(
        "MAE",
        "The mean size of the errors, in the units of the target; outliers count less than in the RMSE.",
        also="mean absolute error",
        see="RMSE",
    ),
    e(
        "ROC AUC",
        "The chance that a random row of the class gets a higher probability than a random row of the other: 0.5 "
        "is guessing, 1 is perfect.",
        also="AUC",
        see="ROC curve",
    ),
    e(
        "ROC curve",
        "The share of true positives against that of false positives as the threshold moves.",
        also="ROC",
        see="ROC AUC, threshold",
    ),
    e(
        "run",
        "One training, with its settings, its scores and its files.",
        see="recording, report",
    ),
    e(
        "report",
        "One page that says how good a model is, what it learned from, and how its worst errors came about.",
        see="verdict, derivation",
    ),
    e(
        "saturation",
        "When a sigmoid or tanh sits near its end for most rows: its derivative is nearly 0, so hardly anything "
        "is learned through it.",
        also="saturated unit",
        see="sigmoid, vanishing gradient",
    ),
    e(
        "slice",
        "A plane through the space of all features: two vary, the others are held, mostly at their median.",
        see="decision region, median",
    ),
    e(
        "threshold",
        "Above which probability the class is predicted; 0.5 unless said otherwise.",
        see="prediction, recall",
    ),
    e(
        "trace",
        "The record of every number in the forward and the backward pass, made by the model's own computation.",
        see="derivation, check",
    ),
    e(
        "underfitting",
        "When even the training rows are predicted badly: the network is too small, too constrained, or has not "
        "learned long enough.",
        also="underfit",
        see="overfitting",
    ),
    e(
        "vanishing gradient",
        "A gradient that shrinks from layer to layer on its way back, so that the first layers hardly learn.",
        see="exploding gradient, saturation, ReLU",
    ),
    e(
        "verdict",
        "The first lines of a report: the score with its interval, against the baseline, in words.",
        see="baseline, confidence interval",
    ),
)
