"""Image-classification data sets, in memory or streamed from disk."""

from rethink_keras.data.arrays import GivenData, from_arrays
from rethink_keras.data.concatenation import concatenated
from rethink_keras.data.examples import Examples, ImageClassification
from rethink_keras.data.loading import load
from rethink_keras.data.streaming import EncodedExamples, ImageStreams, stream

__all__ = [
    "EncodedExamples",
    "Examples",
    "GivenData",
    "ImageClassification",
    "ImageStreams",
    "concatenated",
    "from_arrays",
    "load",
    "stream",
]
