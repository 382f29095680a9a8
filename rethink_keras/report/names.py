"""Names of rows in the paper's words."""

import re

_WORDS = {
    "inception_no_batch_norm": "Inception w/o BatchNorm",
    "inception_v3": "Inception V3",
    "inception": "Inception",
    "alexnet": "Alexnet",
    "mlp_3x512": "MLP 3x512",
    "mlp_1x512": "MLP 1x512",
    "resnet": "ResNet",
    "vit": "Vision transformer",
    "no_batch_norm": "w/o BatchNorm",
    "batch_norm": "with BatchNorm",
    "no_regularizers": "no regularizers",
    "all_regularizers": "all regularizers",
    "weight_decay": "weight decay",
    "label_smoothing": "label smoothing",
    "crop": "random crop",
    "distort": "data augmentation",
    "augment": "flips and rotations",
    "random_labels": "random labels",
    "true_labels": "true labels",
    "random_pixels": "random pixels",
    "shuffled_pixels": "shuffled pixels",
    "gaussian": "Gaussian noise",
    "corrupted_as_true": "predicted as the true label",
    "corrupted": "random labels",
    "clean": "true labels",
    "small_alexnet": "Alexnet",
    "cifar10": "CIFAR-10",
    "mnist": "MNIST",
    "convnet": "random conv-net",
    "raw": "pixels",
    "gabor": "Gabor wavelets",
}
_LEVEL = re.compile(r"([01]\.\d)$")
_SHARE = re.compile(r"corruption_(\d+)")


def readable(name: str) -> str:
    """Returns the name of a row or of a part of it in the paper's words.

    Example:
      >>> readable("inception_no_batch_norm_random_labels")
      'Inception w/o BatchNorm, random labels'
      >>> readable("alexnet_0.5")
      'Alexnet, 50 % random labels'
    """
    head, _, part = name.partition("/")
    if part:
        return f"{readable(head)}: {readable(part)}"
    words = []
    while name:
        known = next((w for w in _WORDS if f"{name}_".startswith(f"{w}_")), "")
        if known:
            words.append(_WORDS[known])
        elif match := _LEVEL.match(name) or _SHARE.match(name):
            value = float(match[1])
            percent = value if name.startswith("corr") else 100 * value
            words.append(f"{percent:.0f} % random labels")
            known = match[0]
        else:
            known = name.partition("_")[0]
            words.append(known)
        name = name[len(known) :].lstrip("_")
    return ", ".join(words)


def plainly(text: str) -> str:
    """Replaces names of rows in a text by the paper's words.

    Names after a slash, as in `table1/alexnet`, stay: they are to be run.
    """
    return _NAME.sub(lambda match: readable(match[0].replace(" ", "_")), text)


_NAME = re.compile(
    r"(?<![\w/])(?:(?:cifar10|mnist|sample)[_ ](?:raw|convnet|gabor)"
    r"|small_alexnet|inception|alexnet|mlp_[13]x512|resnet|vit|(?:true|random)_"
    r"labels|(?:random|shuffled)_pixels|gaussian)(?:_\w+(?:\.\d)?)?\b"
)
