"""The random draws of randomizations, derived again with NumPy."""

import numpy as np

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)


def threefry(key, counter) -> tuple[np.ndarray, np.ndarray]:
    """Threefry-2x32 with 20 rounds (Salmon et al. 2011)."""
    k0, k1, x0, x1 = (
        np.asarray(word).astype(np.uint32) for word in (*key, *counter)
    )
    words = [k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA)]
    with np.errstate(over="ignore"):
        x0, x1 = x0 + words[0], x1 + words[1]
        for step in range(20):
            bits = np.uint32(ROTATIONS[step % 8])
            x0 = x0 + x1
            x1 = x0 ^ (x1 << bits | x1 >> (np.uint32(32) - bits))
            if step % 4 == 3:
                turn = step // 4 + 1
                x0 = x0 + words[turn % 3]
                x1 = x1 + words[(turn + 1) % 3] + np.uint32(turn)
    return x0, x1


def stream(seed: int, purpose: int) -> tuple[np.ndarray, np.ndarray]:
    return threefry((seed, 0), (purpose, 0))


def example_words(count: int, seed: int, purpose: int, pairs: int):
    """Pairs of words of the examples 0 to count - 1: [count, pairs] each."""
    index = np.arange(count)
    first, second = threefry(stream(seed, purpose), (index, 0 * index))
    return threefry((first[:, None], second[:, None]), (0, np.arange(pairs)))


def label_draws(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers in [0, 1) for each example: coin and choice."""
    coin, choice = example_words(count, seed, 0, 1)
    return coin[:, 0] / 2**32, choice[:, 0] / 2**32


def noisy_labels(labels, num_classes: int, probability: float, seed: int):
    coin, choice = label_draws(len(labels), seed)
    drawn = np.floor(choice * num_classes).astype(labels.dtype)
    return np.where(coin < probability, drawn, labels)


def order_of(words) -> np.ndarray:
    """The permutation that sorts 62 bits of each pair of words."""
    high, low = (word.astype(np.int64) for word in words)
    return np.argsort(high << 30 | low >> 2, axis=-1, kind="stable")


def shuffled(images: np.ndarray, seed: int) -> np.ndarray:
    pixels = images.reshape(len(images), -1, images.shape[-1])
    positions = np.arange(pixels.shape[1])
    order = order_of(threefry(stream(seed, 1), (0, positions)))
    return pixels[:, order].reshape(images.shape)


def permuted(images: np.ndarray, seed: int) -> np.ndarray:
    pixels = images.reshape(len(images), -1, images.shape[-1])
    order = order_of(example_words(len(images), seed, 2, pixels.shape[1]))
    return np.take_along_axis(pixels, order[..., None], 1).reshape(images.shape)


def noise(shape: tuple[int, ...], mean, stddev, seed: int) -> np.ndarray:
    """Gaussian images by the Box-Muller transform, in float64."""
    count = int(np.prod(shape[1:]))
    first, second = example_words(shape[0], seed, 3, -(-count // 2))
    radius = np.sqrt(-2 * np.log(1 - first / 2**32))
    angle = 2 * np.pi * (second / 2**32)
    normal = np.concatenate(
        [radius * np.cos(angle), radius * np.sin(angle)], axis=1
    )
    return normal[:, :count].reshape(shape) * stddev + mean
