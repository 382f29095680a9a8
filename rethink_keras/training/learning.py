"""When a run learns and forgets its training examples.

The predictions are those of the training steps, made before each update. They
need no extra passes over the data.
"""

from collections.abc import Mapping

import numpy as np

_HITS = "learning/hits"
_FIRST = "learning/first_epoch"
_EVENTS = "learning/forgetting_events"
_RIGHT = "learning/right"


class LearningRecorder:
    """Counts the forgetting events of each training example.

    An example is forgotten if its prediction is right in one epoch and wrong
    in the next (Toneva et al., 2019).
    """

    def __init__(self) -> None:
        self._known = True
        self._hits: list[np.ndarray] = []
        self._counts: dict[str, np.ndarray] = {}

    def add(self, hits: np.ndarray | None) -> None:
        """Adds the predictions of the next steps of the current epoch.

        Args:
          hits: what `Steps.train` returned; None if unknown. Nothing is
            recorded then.
        """
        if hits is None:
            self._forget()
        elif self._known:
            self._hits.append(hits.astype(bool))

    def end_epoch(self, epoch: int, order: np.ndarray | None) -> None:
        """Counts the predictions of an epoch.

        Args:
          epoch: number of the epoch, from 0.
          order: position of each prediction's example in the training set, as
            from `TrainingBatches.order`; None if it is not known. Nothing is
            recorded then.
        """
        hits = np.concatenate([np.zeros(0, bool), *self._hits])
        # Other devices may have divided the first part of a resumed epoch into
        # batches of other examples.
        if order is None or len(order) != len(hits):
            self._forget()
        if order is None or not self._known:
            return
        count = order.max() + 1
        right = np.zeros(count, bool)
        right[order] = hits
        self._hits = []
        counts = self._counts or {
            _FIRST: np.zeros(count, "int32"),
            _EVENTS: np.zeros(count, "int32"),
            _RIGHT: np.zeros(count, bool),
        }
        first = right & (counts[_FIRST] == 0)
        self._counts = {
            _FIRST: np.where(first, np.int32(epoch + 1), counts[_FIRST]),
            _EVENTS: counts[_EVENTS] + (counts[_RIGHT] & ~right),
            _RIGHT: right,
        }

    def _forget(self) -> None:
        self._known, self._hits, self._counts = False, [], {}

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the state for a checkpoint; empty if nothing is recorded."""
        if not self._known:
            return {}
        hits = np.concatenate([np.zeros(0, bool), *self._hits])
        return {_HITS: hits, **self._counts}

    def restore(
        self, arrays: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Restores the state of a checkpoint.

        Nothing is recorded from then on if the checkpoint lacks the state, as
        in versions before 0.2.

        Args:
          arrays: arrays of the checkpoint.

        Returns:
          The other arrays of the checkpoint.
        """
        others = dict(arrays)
        names = (_HITS, _FIRST, _EVENTS, _RIGHT)
        own = {name: others.pop(name) for name in names if name in others}
        if own:
            self._hits = [own.pop(_HITS)]
            self._counts = own
        else:
            self._forget()
        return others

    def learned(self) -> dict[str, np.ndarray] | None:
        """Returns what was counted; None if nothing was recorded.

        Returns:
          `first_epoch`, int32 [n]: the first epoch, from 1, in which the
          prediction of an example is right; 0 if there is none. And
          `forgetting_events`, int32 [n]: how often it was forgotten.
        """
        if not self._counts:
            return None
        return {
            "first_epoch": self._counts[_FIRST],
            "forgetting_events": self._counts[_EVENTS],
        }
