"""Configuration of a training run."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from rethink_keras.config.datasets import SAMPLE
from rethink_keras.config.flagfiles import parse_options
from rethink_keras.config.models import MODELS, model_names
from rethink_keras.config.options import check, option, plain, text_of
from rethink_keras.errors import InputError

RANDOMIZATIONS = (
    "none",
    "labels",
    "shuffled_pixels",
    "random_pixels",
    "gaussian",
)
PRECISIONS = ("float32", "mixed_bfloat16")
STRATEGIES = (
    "auto",
    "single",
    "mirrored",
    "multi_worker",
    "parameter_server",
    "tpu",
)
BACKENDS = ("tensorflow", "jax")
RESUME = ("auto", "never", "must")
SCALES = ("sample", "paper")
FASTEST = "fastest"
"""A choice of precision beside PRECISIONS: the faster one on this machine."""
# Options of earlier versions: old flagfiles and results may contain them.
RETIRED = ("batch_norm_momentum",)
# Options that do not apply to images that are streamed from disk.
_IN_MEMORY = (
    "train_examples",
    "validation_examples",
    "center_crop",
    "standardize",
    "random_crop",
)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """Complete and validated configuration of one training run.

    Options left at None take the default of the model: after construction
    they hold the value that the run uses. All defaults follow the paper where
    it states a value (Appendix A). NumPy scalars are converted to Python
    values, and paths to strings.

    Raises:
      InputError: a value is not allowed, or does not apply to the model.

    Example:
      >>> RunConfig(model="small_inception").learning_rate
      0.1
    """

    dataset: str = option(SAMPLE, "TFDS data set or image folder")
    data_dir: str | None = option(
        None, "directory of data sets; default: TFDS's own"
    )
    image_size: int | None = option(
        None,
        "stream images from disk, resized to this side (pixels)",
        low=8,
        high=4096,
    )
    train_examples: int | None = option(
        None,
        "size of a class-balanced training subset; default: all",
        low=1,
        high=10**8,
    )
    validation_examples: int | None = option(
        None,
        "training images to hold out and evaluate on",
        low=1,
        high=10**8,
    )
    randomize: str = option(
        "labels",
        "labels or pixels to randomize",
        choices=RANDOMIZATIONS,
    )
    label_corruption: float = option(
        1.0,
        "probability of replacing a label by a random class",
        low=0,
        high=1,
    )
    center_crop: bool = option(
        True, "crop the central 28/32 of each image's sides"
    )
    standardize: bool = option(
        True, "scale each image to mean 0 and variance 1"
    )
    random_crop: bool = option(
        False, "train on random crops instead of centre crops"
    )
    augment: bool = option(
        False, "flip, and rotate by up to 25 degrees (Table 4)"
    )
    distort: bool = option(
        False, "random windows and colours (Table 2); needs image_size"
    )
    cutout: bool = option(False, "zero a square of half the image's side")
    mixup: bool = option(
        False, "mix each image and its label with another example"
    )
    label_smoothing: float = option(
        0.0, "fraction of each label spread over all classes", low=0, high=0.99
    )
    model: str = option("mlp_1x512", "network", choices=model_names)
    batch_norm: bool | None = option(
        None, "BatchNorm, where the network offers it; default: on"
    )
    dropout: float = option(
        0.0, "dropout rate at fully connected layers", low=0, high=0.99
    )
    weight_decay: float = option(
        0.0, "coefficient of 1/2*||w||^2 over all kernels", low=0
    )
    batch_size: int = option(
        None,
        "global batch size; default: 100 (MLPs), 128 (others)",
        low=1,
        high=10**6,
    )
    epochs: int = option(
        None,
        "passes over the training set; default: set by the model",
        low=1,
        high=10**6,
    )
    learning_rate: float = option(
        None,
        "initial learning rate; default: set by the model",
        above=0,
    )
    learning_rate_decay: float = option(
        0.95, "learning-rate factor per epoch", above=0, high=1
    )
    momentum: float = option(0.9, "momentum of SGD", low=0, high=1)
    stop_at_loss: float | None = option(
        None, "stop once an epoch's mean loss is below this value", above=0
    )
    seed: int = option(
        0,
        "seed of weights, example order and randomization",
        low=0,
        high=2**31 - 1,
    )
    precision: str = option("float32", "Keras dtype policy", choices=PRECISIONS)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            self._set(field.name, getattr(self, field.name))
        self._check_combinations()
        defaults = MODELS[self.model]
        self._default("batch_norm", defaults.batch_norm)
        self._default("image_size", defaults.image_size)
        self._check_streaming()
        self._default("batch_size", defaults.batch_size)
        self._default("epochs", defaults.epochs)
        self._default("learning_rate", defaults.learning_rate)

    def _default(self, name: str, value: Any) -> None:
        if getattr(self, name) is None:
            self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        field = type(self).__dataclass_fields__[name]
        object.__setattr__(self, name, plain(field, value))
        check(field, getattr(self, name))

    def _check_combinations(self) -> None:
        if self.label_corruption != 1 and self.randomize != "labels":
            raise InputError(
                f"label_corruption={self.label_corruption}: requires"
                f" randomize=labels; received randomize={self.randomize}"
            )
        switchable = [m for m, d in MODELS.items() if d.batch_norm is not None]
        if self.batch_norm is not None and self.model not in switchable:
            raise InputError(
                f"batch_norm={self.batch_norm}: requires"
                f" model={' or '.join(switchable)}; received model={self.model}"
            )
        if self.random_crop and not self.center_crop:
            raise InputError(
                "center_crop=False: cannot be combined with random_crop=True,"
                " which evaluates on centre crops; drop one"
            )
        for name in ("random_crop", "distort"):
            if getattr(self, name) and self.randomize == "gaussian":
                raise InputError(
                    f"{name}=True: cannot be combined with"
                    " randomize=gaussian, whose images are noise; drop one"
                )

    def _check_streaming(self) -> None:
        """Checks options that depend on whether images stream from disk."""
        if self.distort and not self.streams:
            raise InputError(
                "distort=True: requires image_size=N, which streams images"
                " and resizes them"
            )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            in_memory = field.name in _IN_MEMORY and value != field.default
            if in_memory and self.streams:
                raise InputError(
                    f"{field.name}={value}: requires images in memory;"
                    f" received image_size={self.image_size}, which streams"
                    " them from disk"
                )

    @property
    def _known_model(self) -> str:
        """The model whose defaults the name of the run omits."""
        return self.model

    @property
    def streams(self) -> bool:
        """Whether images are read from disk and resized in every epoch."""
        return self.image_size is not None

    @property
    def partly_corrupted(self) -> bool:
        """Whether only some of the labels are corrupted."""
        return self.randomize == "labels" and 0 < self.label_corruption < 1

    def differences(self) -> dict[str, Any]:
        """Returns the options that differ from the defaults of the model."""
        base = RunConfig(dataset=self.dataset, model=self._known_model)
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name)
            not in (None, getattr(base, field.name))
        }

    def with_model(self, model: str) -> "RunConfig":
        """Returns the config for another network.

        Options that equal the defaults of the present network take those of
        the other one.

        Args:
          model: name of a registered network.

        Raises:
          InputError: the name is unknown, or an option does not apply.
        """
        return RunConfig(
            **{**self.differences(), "dataset": self.dataset, "model": model}
        )

    @classmethod
    def from_flags(cls, text: str, **changes: Any) -> "RunConfig":
        """Creates a config from the text of a flagfile.

        Args:
          text: one absl flag per line: `--name=value`, `--name`, `--noname`
            or `--flagfile=PATH`. Lines that start with # or // are comments.
            Later lines override earlier ones.
          **changes: options that override those in the text.

        Raises:
          InputError: a line is not an option of a run, or its value is not
            allowed.
        """
        lines = (line.strip() for line in text.splitlines())
        arguments = [
            line for line in lines if line and not line.startswith(("#", "//"))
        ]
        given = parse_options(arguments, dataclasses.fields(cls), RETIRED)
        return cls(**{**given, **changes})

    @classmethod
    def from_dict(cls, options: Mapping[str, Any]) -> "RunConfig":
        """Creates a config from stored options; missing ones get defaults.

        Args:
          options: a return value of `as_dict`, of this or an earlier version.

        Returns:
          The config. If the network is not registered in this process, the
          config differs from every config that names a registered one.

        Raises:
          InputError: a value is not allowed.
          TypeError: an option is unknown.
        """
        given = {k: v for k, v in options.items() if k not in RETIRED}
        model = given.get("model")
        unknown = isinstance(model, str) and model not in MODELS
        return _StoredConfig(**given) if unknown else cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """Returns all options by name."""
        return dataclasses.asdict(self)

    def as_flags(self) -> str:
        """Returns the text of a flagfile that repeats the run."""
        return "".join(
            f"--{name}={text_of(value)}\n"
            for name, value in self.as_dict().items()
            if value is not None
        )


class _StoredConfig(RunConfig):
    """Config of a stored run whose network is not registered here."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name != "model":
                check(field, getattr(self, field.name))

    @property
    def _known_model(self) -> str:
        return str(RunConfig.model)
