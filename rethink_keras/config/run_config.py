"""What a run is: every choice, its default, and what is allowed."""

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
# Options of earlier versions. They are read and have no effect.
RETIRED = ("batch_norm_momentum",)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """One training run, complete and valid.

    Options left at None follow the model: after construction they hold the
    value that the run uses. Defaults are the paper's wherever it states one
    (Appendix A). NumPy scalars become Python values, paths their text.

    Raises:
      InputError: a value is not allowed, or does not apply to the model.

    Example:
      >>> RunConfig(model="small_inception").learning_rate
      0.1
    """

    dataset: str = option(SAMPLE, "the sample, or any that TFDS knows")
    data_dir: str | None = option(None, "TFDS directory; default: TFDS's own")
    image_size: int | None = option(
        None,
        "stream images, resized to squares of this side",
        low=8,
        high=4096,
    )
    train_examples: int | None = option(
        None,
        "size of a class-balanced subset; default: all",
        low=1,
        high=10**8,
    )
    validation_examples: int | None = option(
        None,
        "training images to hold out and test on",
        low=1,
        high=10**8,
    )
    randomize: str = option(
        "labels", "what to make random", choices=RANDOMIZATIONS
    )
    label_corruption: float = option(
        1.0, "probability that a label is made random", low=0, high=1
    )
    random_crop: bool = option(False, "train on random crops, not the centre")
    augment: bool = option(False, "flip and rotate up to 25 degrees (Table 4)")
    distort: bool = option(
        False, "random window, flip, colours (Table 2); if streamed"
    )
    cutout: bool = option(False, "cut a square of half the side out")
    mixup: bool = option(False, "mix each image and label with another's")
    label_smoothing: float = option(
        0.0, "share of each label spread over all classes", low=0, high=0.99
    )
    model: str = option("mlp_1x512", "network", choices=model_names)
    batch_norm: bool | None = option(
        None, "BatchNorm; of the Inceptions, where it is on"
    )
    dropout: float = option(
        0.0, "dropout rate before each fully connected layer", low=0, high=0.99
    )
    weight_decay: float = option(
        0.0, "coefficient of 1/2*||w||^2 for all kernels", low=0
    )
    batch_size: int = option(
        None,
        "at most; default: 100 for MLPs, 128 for others",
        low=1,
        high=10**6,
    )
    epochs: int = option(
        None,
        "passes over the training set; default: the model's",
        low=1,
        high=10**6,
    )
    learning_rate: float = option(
        None,
        "initial; default: the model's",
        above=0,
    )
    learning_rate_decay: float = option(
        0.95, "factor per epoch", above=0, high=1
    )
    momentum: float = option(0.9, "SGD momentum", low=0, high=1)
    stop_at_loss: float | None = option(
        None, "stop after an epoch whose mean loss is below this", above=0
    )
    seed: int = option(
        0, "of weights, order and randomization", low=0, high=2**31 - 1
    )
    precision: str = option("float32", "arithmetic", choices=PRECISIONS)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = plain(getattr(self, field.name))
            object.__setattr__(self, field.name, value)
            check(field, value)
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
            object.__setattr__(self, name, value)

    def _check_combinations(self) -> None:
        if self.label_corruption != 1 and self.randomize != "labels":
            raise InputError(
                f"label_corruption={self.label_corruption}: allowed with"
                f" randomize=labels alone; received randomize={self.randomize}"
            )
        switchable = [m for m, d in MODELS.items() if d.batch_norm is not None]
        if self.batch_norm is not None and self.model not in switchable:
            raise InputError(
                f"batch_norm={text_of(self.batch_norm)}: allowed with"
                f" model={' | '.join(switchable)}; received model={self.model}"
            )
        for name in ("random_crop", "distort"):
            if getattr(self, name) and self.randomize == "gaussian":
                raise InputError(
                    f"{name}=true: allowed with every randomize but gaussian,"
                    " whose images are noise; received randomize=gaussian"
                )

    def _check_streaming(self) -> None:
        """Images stream with an image size, and are in memory without."""
        if self.distort and not self.streams:
            raise InputError(
                "distort=true: allowed with image_size alone, of images that"
                " are resized as they stream"
            )
        for name in ("train_examples", "validation_examples", "random_crop"):
            value = getattr(self, name)
            if value and self.streams:
                raise InputError(
                    f"{name}={text_of(value)}: allowed with images in memory"
                    f" alone; received image_size={self.image_size}, with"
                    " which they stream"
                )

    @property
    def streams(self) -> bool:
        """Whether images are read and resized anew in each epoch."""
        return self.image_size is not None

    @property
    def partly_corrupted(self) -> bool:
        """Whether some labels are corrupted and others not."""
        return self.randomize == "labels" and 0 < self.label_corruption < 1

    def differences(self) -> dict[str, Any]:
        """The options that differ from the defaults of the model."""
        base = RunConfig(dataset=self.dataset, model=self.model)
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name)
            not in (None, getattr(base, field.name))
        }

    @classmethod
    def from_flags(cls, text: str, **changes: Any) -> "RunConfig":
        """Returns the run of a flagfile's text.

        Args:
          text: one flag a line, as absl reads it: `--name=value`, `--name`,
            `--noname` or `--flagfile=PATH`; lines that start with # or // are
            comments; later lines win.
          **changes: options that win over those of the text.

        Raises:
          InputError: a line is no option of a run, or its value is not
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
        """The run of stored options; those missing have their defaults.

        Args:
          options: as `as_dict` returned them, in this version or an earlier
            one.

        Raises:
          InputError: a value is not allowed.
          TypeError: an option is unknown.
        """
        return cls(**{k: v for k, v in options.items() if k not in RETIRED})

    def as_dict(self) -> dict[str, Any]:
        """All the options, by name."""
        return dataclasses.asdict(self)

    def as_flags(self) -> str:
        """A flagfile that repeats the run, one option a line."""
        return "".join(
            f"--{name}={text_of(value)}\n"
            for name, value in self.as_dict().items()
            if value is not None
        )

    def name(self) -> str:
        """Directory of the run, relative to the log directory.

        `<dataset>/<model>/<what differs from the defaults>/seed=N`; the
        randomization always stands first.
        """
        parts = {"randomize": self.randomize, **self.differences()}
        for elsewhere in ("seed", "data_dir"):
            parts.pop(elsewhere, None)
        options = ",".join(f"{k}={text_of(v)}" for k, v in parts.items())
        return f"{self.dataset}/{self.model}/{options}/seed={self.seed}"
