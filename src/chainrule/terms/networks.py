"""Terms of networks: what they consist of, and what they compute."""

from chainrule.terms.term import entry as e

TERMS = (
    e(
        "activation function",
        "What a unit applies to its weighted sum h. Without one, several layers together could do no more than a "
        "single layer: a bent function is what lets a network bend its boundary.",
        also="activation",
        see="sigmoid, tanh, ReLU, softmax",
    ),
    e(
        "batch normalisation",
        "A layer that shifts and scales each of its inputs to mean 0 and spread 1: with the numbers of the batch "
        "while training, with running averages when predicting.",
        also="BatchNormalization",
        see="batch, standardisation",
    ),
    e(
        "bias",
        "A number that a unit adds to its weighted sum whatever the inputs are. It moves the boundary away from "
        "the origin, and is learned like a weight: it is the weight of an input that is always 1.",
        also="b",
        see="weight",
    ),
    e(
        "Dense layer",
        "A layer in which every unit takes all inputs, each with a weight of its own: h = xW + b, then an "
        "activation function.",
        also="Dense, fully connected layer",
        see="layer, kernel, bias",
    ),
    e(
        "dropout",
        "While training, each unit is set to 0 with a given probability, and the others are scaled up to make up "
        "for it. No unit can rely on one other alone; when predicting, nothing is dropped.",
        see="overfitting, regularisation",
    ),
    e(
        "embedding",
        "A table with a row of learned numbers for each category or word, so that similar ones can come to lie "
        "near each other.",
        see="one-hot encoding",
    ),
    e(
        "feature",
        "One column of the inputs as the network sees it. A column of categories becomes several features.",
        also="input, x",
        see="one-hot encoding, target",
    ),
    e(
        "feedforward network",
        "A network whose numbers flow one way, from the inputs through the layers to the output, and never back "
        "into an earlier layer.",
        see="multilayer perceptron",
    ),
    e(
        "forward pass",
        "Computing the prediction of a row: layer by layer, from the inputs to p, and on to the loss.",
        also="forward propagation",
        see="backward pass, prediction",
    ),
    e(
        "functional model",
        "A model drawn by calling layers on symbolic inputs, so that paths can part, join and skip layers.",
        see="Sequential model",
    ),
    e(
        "hidden layer",
        "A layer between inputs and output. Its units are new features that the network makes for itself.",
        see="layer, unit",
    ),
    e(
        "kernel",
        "The matrix of a layer's weights: one row for each input, one column for each unit.",
        also="weight matrix",
        see="weight, Dense layer",
    ),
    e(
        "layer",
        "A step of the network with its own weights, or none: a row of units that all read the same inputs.",
        see="Dense layer, hidden layer",
    ),
    e(
        "logit",
        "What goes into the last sigmoid or softmax: a number on an open scale, 0 where the classes are equally "
        "likely. p = σ(h), so h = ln(p / (1 − p)).",
        also="h, log-odds",
        see="sigmoid, softmax, pre-activation",
    ),
    e(
        "matrix form",
        "All units of a layer, or all rows of a batch, in one formula: H = XW + b. The numbers are those of the "
        "scalar form.",
        see="scalar form",
    ),
    e(
        "multilayer perceptron",
        "A feedforward network of Dense layers with at least one hidden layer.",
        also="MLP",
        see="perceptron, hidden layer",
    ),
    e(
        "notation",
        "Which letters a page uses: 'lecture' (h before the activation, p the output), 'textbook' (z and a, "
        "weights indexed by unit, then input) or 'keras' (kernel, bias, counted from 0).",
        see="logit",
    ),
    e(
        "output",
        "What the last layer gives: a probability, one probability per class, or a number.",
        also="p",
        see="prediction",
    ),
    e(
        "parameter",
        "A number that training changes: every weight and every bias.",
        also="trainable variable",
        see="weight, bias",
    ),
    e(
        "perceptron",
        "A single unit: it weighs its inputs, adds a bias and decides by which side of a straight line (or plane)"
        " a row lies on. Here with a sigmoid in place of the step, so that it can learn by descent.",
        see="unit, linearly separable",
    ),
    e(
        "pre-activation",
        "The weighted sum h of a unit with its bias, before the activation function.",
        also="z",
        see="activation function, logit",
    ),
    e(
        "ReLU",
        "max(0, h): what is negative becomes 0, the rest passes. Its derivative is 1 or 0, so gradients do not "
        "shrink on the way back, but a unit that is 0 for all rows learns no more.",
        also="rectified linear unit",
        see="dead ReLU",
    ),
    e(
        "scalar form",
        "One formula for each number, as one would compute by hand.",
        see="matrix form",
    ),
    e(
        "Sequential model",
        "A model whose layers follow one another, each fed by the one before.",
        also="Sequential",
        see="functional model",
    ),
    e(
        "sigmoid",
        "σ(h) = 1/(1 + e⁻ʰ): squeezes any number into the range from 0 to 1. Its derivative, p(1 − p), is at most"
        " a quarter and nearly 0 far from h = 0.",
        also="σ, logistic function",
        see="logit, saturation",
    ),
    e(
        "softmax",
        "Turns one number per class into probabilities that add up to 1: pᵢ = e^hᵢ divided by the sum of all e^h."
        " Raising one class lowers the others.",
        see="logit, cross-entropy",
    ),
    e(
        "tanh",
        "A sigmoid stretched to the range from −1 to 1, with derivative 1 − a².",
        also="hyperbolic tangent",
        see="sigmoid",
    ),
    e(
        "unit",
        "One neuron of a layer: a weighted sum, a bias, an activation function, one number out.",
        also="neuron, node",
        see="layer, perceptron",
    ),
    e(
        "universal approximation",
        "With enough hidden units, one hidden layer can come as near as one likes to any continuous function on a"
        " bounded region. It says that such weights exist, not that training finds them.",
        see="hidden layer",
    ),
    e(
        "weight",
        "How strongly a unit listens to one of its inputs: positive pushes its sum up, negative down, 0 ignores "
        "it. In diagrams the width of a line is the size, colour and dashes are the sign.",
        also="w",
        see="kernel, bias",
    ),
    e(
        "XOR",
        "True if exactly one of two inputs is true. No straight line parts its four rows, so a perceptron cannot "
        "learn it and a network with a hidden layer can.",
        also="exclusive or",
        see="linearly separable, hidden layer",
    ),
)
