"""Made-up predictions, with what follows from them by hand."""

import numpy as np

HITS = np.array(
    [
        # epoch 1, 2, 3, 4 of each example
        [1, 1, 1, 1],
        [0, 1, 0, 1],
        [1, 0, 1, 0],
        [0, 0, 0, 0],
    ]
).T
"""Whether the prediction of each example is right, by epoch."""

FIRST_EPOCHS = [1, 2, 1, 0]
FORGETTING_EVENTS = [0, 1, 2, 0]
