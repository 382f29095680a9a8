"""Headings of the report, and what to see in each table and figure.

The report shows tables and figures in the order of `SEE`.
"""

from collections.abc import Mapping

SCALE_TITLES = {
    "paper": "Full data set",
    "sample": "Sample of 5,000 images",
}
THEORY_TITLE = "Theory"
SEE: Mapping[str, str] = {
    "table1": (
        "Compare training with test accuracy. In the paper, every network"
        " fits its training labels, true or random. Only with true labels does"
        " it do better than chance (10 %) on the test images."
    ),
    "figure1a": (
        "Random labels stay longest at the loss of guessing. Once the loss has"
        " left it, they are fitted quickly. The learning rate and its"
        " schedule are the same for all five. Our losses are means over each"
        " epoch, while the network learns, and lag those at its end, which the"
        " paper's appear to be."
    ),
    "figure1b": (
        "The more labels are random, the longer a network takes to fit them:"
        " a small factor, not orders of magnitude. Ours is the first epoch with"
        " 99 % training accuracy, measured while the network learns. The paper"
        " does not state when it counts a network as fitted; its Inception"
        " agrees with a loss below 0.05."
    ),
    "figure1c": (
        "In the paper, the networks fit every share of random labels, and the"
        " test error grows steadily to that of guessing (90 %). It is measured"
        " on test labels that are corrupted like the training labels, so it"
        " would grow for any network. The table of the runs gives the accuracy"
        " on true labels."
    ),
    "table4": (
        "In the paper, regularizers do not stop a network from fitting random"
        " labels. Only Alexnet with weight decay fails to converge."
    ),
    "figure2b": (
        "BatchNorm makes training smoother and faster, and the final test"
        " accuracy higher: by 1.6 points in the paper's figure, and by 3.8 in"
        " its Table 1. In the paper, stopping early gains nothing. Our"
        " training accuracies are means over each epoch, while the network"
        " learns. The paper's without BatchNorm are online accuracies too,"
        " several in an epoch; those with BatchNorm are measured after the"
        " epoch, which is higher."
    ),
    "table2": (
        "In the paper, Inception V3 fits most of ImageNet's random labels, and"
        " reaches 59.80 % on the test images without any regularizer."
    ),
    "figure2a": (
        "Without data augmentation, the test accuracy peaks early and then"
        " falls: early stopping would help. The training accuracy still rises."
    ),
    "today": (
        "The same comparison for a residual network and a vision transformer,"
        " and with regularizers that came after the paper."
    ),
    "memorization": (
        "Networks learn the images with true labels first. Later they memorize"
        " those with random labels, and the test accuracy falls."
    ),
}
BEYOND_TITLE = "Beyond the paper"
BEYOND_WORDS = (
    "These experiments are ours, not the paper's. They apply later work to the"
    " same networks and data."
)
BEYOND: Mapping[str, tuple[str, str]] = {
    "measures": (
        "Measures of generalization",
        "Which measure of a trained network predicts its gap between training"
        " and test accuracy? Kendall's rank correlation is 1 for a perfect"
        " prediction. It is computed over all networks, and where only the"
        " label corruption or only the training size differs. Low and high are"
        " the ends of 95 % intervals. Points are means, and error bars standard"
        " deviations, over seeds.",
    ),
    "memorization": (
        "Learning, forgetting and memorization",
        "Which examples does a network learn first, forget and memorize?"
        " Agreement is the rank correlation between the first epochs in which"
        " two runs predict each example correctly. The memorization score is"
        " the probability of the label with the example in the training set,"
        " minus that without it. AUC is how well a quantity tells corrupted"
        " from clean examples. Low and high are the ends of 95 % bootstrap"
        " intervals over the examples. An example that is never learned counts"
        " as learned after the last epoch. Where forgetting tells examples"
        " apart, it counts as forgotten in each epoch (Toneva et al., 2019).",
    ),
    "double_descent": (
        "Double descent",
        "Does a network that is larger than necessary to fit its labels"
        " generalize worse? 20 % of the training labels are corrupted; the test"
        " labels are true. The dotted line marks the interpolation threshold:"
        " the smallest width that fits at least 99 % of the training labels, or"
        " as many random features as training examples. Points are means, and"
        " error bars standard deviations, over seeds.",
    ),
}
THEORY: Mapping[str, tuple[str, str]] = {
    "theorem1": (
        "Theorem 1: any labels, without training",
        "A ReLU network with two layers and 2n + d weights outputs any n labels"
        " of n images. It is constructed, not trained.",
    ),
    "min_norm": (
        "Section 5: the minimum norm",
        "For linear models, gradient descent from zero ends at the solution of"
        " minimum norm. Other solutions fit the labels as well and do not"
        " generalize.",
    ),
    "table3": (
        "Table 3: kernel machines that fit every label",
        "Kernel machines without any regularization fit every training label"
        " and still generalize. Better features do more than a ridge.",
    ),
    "complexity": (
        "Section 2.2: measures of complexity",
        "Networks reach the largest Rademacher complexity, and uniform"
        " stability does not see the labels. Neither explains why networks"
        " generalize.",
    ),
}
