"""Terms of learning: losses, gradients, descent."""

from chainrule.terms.term import entry as e

TERMS = (
    e(
        "Adam",
        "An optimizer that follows a running mean of the gradients and divides it by the root of a running mean "
        "of their squares, so that every weight gets steps of about the learning rate.",
        see="optimizer, momentum",
    ),
    e(
        "backpropagation",
        "Computing all gradients in one pass from the loss back to the first layer, by the chain rule: each layer"
        " passes on how strongly the loss depends on its inputs.",
        also="backprop",
        see="chain rule, backward pass",
    ),
    e(
        "backward pass",
        "The half of a training step that goes from the loss back to the weights and yields the gradients.",
        see="backpropagation, forward pass",
    ),
    e(
        "batch",
        "The rows that one step learns from together; their gradients are averaged.",
        also="mini-batch",
        see="batch size, step",
    ),
    e(
        "batch size",
        "How many rows a batch has. Small batches give many rough steps, large ones few smooth steps.",
        see="batch, epoch",
    ),
    e(
        "central difference",
        "A derivative measured rather than derived: the loss a little above and a little below a weight, their "
        "difference divided by the distance. Traces check every gradient against it.",
        also="numerical gradient",
        see="gradient",
    ),
    e(
        "chain rule",
        "How derivatives of steps that follow each other combine: they multiply along a path, and paths that meet"
        " are added up. ∂ℓ/∂w = ∂ℓ/∂p · ∂p/∂h · ∂h/∂w.",
        see="backpropagation",
    ),
    e(
        "clipping",
        "Shortening gradients that are longer than a limit before the step, so that one bad batch does not throw "
        "the weights away.",
        also="gradient clipping, clipnorm",
        see="exploding gradient",
    ),
    e(
        "convergence",
        "When further steps change the loss hardly at all: the weights have reached a valley, or the learning "
        "rate has become too small to move.",
        see="divergence, minimum",
    ),
    e(
        "cross-entropy",
        "The loss of probabilities: −ln of the probability given to the true class, so being sure and wrong costs"
        " much. With a sigmoid or softmax its gradient at the logit is simply p − y.",
        also="binary cross-entropy, categorical cross-entropy",
        see="loss, logit",
    ),
    e(
        "derivative",
        "How fast one number changes when another one is moved a little.",
        also="slope",
        see="gradient",
    ),
    e(
        "descent",
        "Going downhill on the loss surface: each step moves the weights against the gradient.",
        see="gradient descent, loss surface",
    ),
    e(
        "divergence",
        "When the loss grows from step to step, or becomes infinite or no number at all; mostly the learning rate"
        " is too high.",
        also="diverged",
        see="learning rate, exploding gradient",
    ),
    e(
        "early stopping",
        "Ending the training when the loss on the validation rows has not improved for some epochs (the "
        "patience), and going back to the best weights.",
        also="patience",
        see="overfitting, validation set",
    ),
    e(
        "epoch",
        "One pass through all training rows: as many steps as there are batches.",
        see="step, batch",
    ),
    e(
        "gradient",
        "The derivatives of the loss with respect to all weights. It points where the loss rises fastest, so a "
        "step goes the other way; a dot stands for one that was not computed.",
        also="∇",
        see="derivative, gradient descent",
    ),
    e(
        "gradient descent",
        "Learning by repeated small steps against the gradient: w ← w − η · ∂ℓ/∂w.",
        see="learning rate, stochastic gradient descent",
    ),
    e(
        "initialisation",
        "The weights before the first step: small random numbers, scaled to the width of the layer, so that units"
        " differ from each other and signals keep their size.",
        also="Glorot, He",
        see="weight, seed",
    ),
    e(
        "learning rate",
        "How far a step goes for a given gradient: too small and nothing happens, too large and the loss jumps or"
        " diverges.",
        also="η, step size",
        see="learning-rate finder, step",
    ),
    e(
        "learning-rate finder",
        "A short trial in which the learning rate grows from step to step; a good choice lies where the loss "
        "falls fastest, well before it blows up.",
        also="LR finder",
        see="learning rate",
    ),
    e(
        "learning-rate schedule",
        "A rule that changes the learning rate while training, mostly downwards.",
        also="schedule",
        see="learning rate",
    ),
    e(
        "local minimum",
        "A place lower than all around it, though a lower one may exist elsewhere.",
        see="minimum",
    ),
    e(
        "loss",
        "How wrong a prediction is, as one number; training makes its mean over the rows small.",
        also="ℓ, error, cost",
        see="mean squared error, cross-entropy",
    ),
    e(
        "loss surface",
        "The loss as a height over the plane of two weights, or of two directions in the space of all weights; "
        "training is a path on it.",
        also="error surface",
        see="descent, principal directions",
    ),
    e(
        "mean squared error",
        "The mean of (y − p)² over the rows: large errors count far more than small ones.",
        also="MSE, squared error",
        see="loss, RMSE",
    ),
    e(
        "minimum",
        "A place on the loss surface from which every small move leads up; the gradient is 0 there.",
        see="loss surface, local minimum",
    ),
    e(
        "momentum",
        "Keeping part of the last step's direction, as a rolling ball does: it smooths the path and speeds up "
        "along a valley.",
        see="optimizer",
    ),
    e(
        "optimizer",
        "The rule that turns gradients into changes of the weights: plain descent, momentum, Adam and others.",
        see="gradient descent, Adam",
    ),
    e(
        "penalty",
        "What a regulariser adds to the loss of the data.",
        also="Ω",
        see="regularisation",
    ),
    e(
        "regularisation",
        "Anything that makes a network prefer simple answers, at some cost in the training loss: penalties on "
        "weights, dropout, early stopping.",
        see="L2 regularisation, dropout, overfitting",
    ),
    e(
        "L1 regularisation",
        "A penalty on the sum of the sizes of the weights; it pushes many of them to exactly 0.",
        also="L1",
        see="penalty",
    ),
    e(
        "L2 regularisation",
        "A penalty on the sum of the squared weights; it keeps all of them small.",
        also="L2",
        see="penalty, weight decay",
    ),
    e(
        "reduction",
        "How the losses of rows become one number: their mean, or their sum.",
        see="loss, batch",
    ),
    e(
        "seed",
        "The number that all random choices start from; the same seed gives the same run, bit for bit.",
        see="initialisation",
    ),
    e(
        "step",
        "One update of the weights, by the gradient of one batch.",
        also="iteration, update",
        see="batch, epoch",
    ),
    e(
        "stochastic gradient descent",
        "Gradient descent with the gradient of a few rows at a time: a rough direction, but many steps for the "
        "price of one pass.",
        also="SGD",
        see="batch, gradient descent",
    ),
    e(
        "weight decay",
        "Shrinking every weight by a small share in each step, apart from the gradient.",
        also="AdamW",
        see="L2 regularisation",
    ),
)
