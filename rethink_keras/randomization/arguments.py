"""Arguments of the public functions, checked like the options of a run."""

import dataclasses

from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.config.options import check, option, plain
from rethink_keras.errors import InputError
from rethink_keras.randomization.randomize import PIXEL_KINDS


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Arguments of `randomize` and `corrupt_labels`.

    Raises:
      InputError: a value is not allowed.
    """

    kind: str = option("labels", "what to randomize", choices=RANDOMIZATIONS)
    probability: float = option(
        1.0,
        "probability of replacing a label by a random class",
        low=0,
        high=1,
    )
    num_classes: int | None = option(
        None, "number of classes", low=1, high=2**31 - 1
    )
    seed: int = option(0, "seed of the random draws", low=0, high=2**31 - 1)

    @property
    def changes_pixels(self) -> bool:
        """Whether the randomization changes the images."""
        return self.kind in PIXEL_KINDS

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = plain(field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
            check(field, value)
        if self.probability != 1 and self.kind != "labels":
            raise InputError(
                f"probability={self.probability}: requires kind=labels;"
                f" received kind={self.kind}"
            )
