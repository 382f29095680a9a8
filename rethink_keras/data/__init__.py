"""Image-classification data sets, in memory."""

from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.data.loading import load

__all__ = ["Examples", "ImageClassification", "load"]
