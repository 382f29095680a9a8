"""Measures the paper's networks and their training in PyTorch, in turns.

The networks are those of rethink_keras, with two differences that leave the
amount of computation unchanged: initial weights are PyTorch's, and strided
convolutions pad both sides by one. Images are stored as
[n, height, width, channels], so that every network gets PyTorch's memory format
channels_last without a copy.
"""

import itertools
import os
import shutil

import numpy as np
import torch
from measuring import BATCH, speed, warm_up
from torch import nn
from torch.nn import functional
from turns import serve

_HAS_COMPILER = shutil.which("g++") is not None


class Channels(nn.Module):
    """Permutes [n, height, width, channels] to channels first."""

    def forward(self, x):
        return x.permute(0, 3, 1, 2)


class Rows(nn.Module):
    """Flattens channels-first images in channels-last order: [n, values]."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class LocalResponseNorm(nn.Module):
    """Local response normalization, several times faster than PyTorch's."""

    def __init__(self, channels: int):
        super().__init__()
        index = torch.arange(channels)
        near = (index[:, None] - index).abs() <= 4
        self.register_buffer("window", near.float())  # [channels, channels]

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        with torch.autocast("cpu", enabled=False):
            wide = x.float()
            norm = 1 + 0.001 / 9 * (wide.square() @ self.window)
            root = norm.rsqrt()
            scaled = wide * (root * root.sqrt())
        return scaled.to(x.dtype).permute(0, 3, 1, 2)


class Branches(nn.Module):
    """Two parallel branches with concatenated channels."""

    def __init__(self, first: nn.Module, second: nn.Module):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x):
        return torch.cat([self.first(x), self.second(x)], dim=1)


def mlp(*widths: int) -> nn.Module:
    """Builds a perceptron with ReLU between layers, from images to logits."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, units in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, units), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def small_alexnet() -> nn.Module:
    """Builds the small Alexnet, from images to logits."""
    layers: list[nn.Module] = [Channels()]
    for channels in (3, 64):
        layers += [
            nn.Conv2d(channels, 64, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            LocalResponseNorm(64),
        ]
    return nn.Sequential(*layers, Rows(), mlp(7 * 7 * 64, 384, 192, 10))


def small_inception() -> nn.Module:
    """Builds the small Inception, from images to logits."""
    modules: list[nn.Module] = [Channels(), _conv(3, 96, 3)]
    channels = 96
    for first, second in (
        *((32, 32), (32, 48), (None, 80)),
        *((112, 48), (96, 64), (80, 80), (48, 96), (None, 96)),
        *((176, 160), (176, 160)),
    ):
        if first is None:
            pool = nn.MaxPool2d(3, 2, ceil_mode=True)
            modules.append(Branches(_conv(channels, second, 3, stride=2), pool))
            channels += second
        else:
            ones = _conv(channels, first, 1)
            modules.append(Branches(ones, _conv(channels, second, 3)))
            channels = first + second
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(*modules, pool, Rows(), nn.Linear(channels, 10))


def _conv(inputs: int, filters: int, kernel: int, stride: int = 1) -> nn.Module:
    """Builds a convolution, BatchNorm without scale, and ReLU."""
    norm = nn.BatchNorm2d(filters, eps=1e-3, momentum=0.1)
    norm.weight.requires_grad_(False)
    return nn.Sequential(
        nn.Conv2d(
            inputs, filters, kernel, stride, padding=kernel // 2, bias=False
        ),
        norm,
        nn.ReLU(inplace=True),
    )


BUILDERS = {
    "mlp_1x512": lambda: mlp(28 * 28 * 3, 512, 10),
    "mlp_3x512": lambda: mlp(28 * 28 * 3, 512, 512, 512, 10),
    "small_alexnet": small_alexnet,
    "small_inception": small_inception,
}


class Trainer:
    """Trains on all cores of a CPU, with examples in memory.

    Args:
      model: name of the network.
      images: float32 array [n, 28, 28, 3], whitened.
      labels: int32 array [n].
      batch_size: examples per step.
      bfloat16: whether to compute in bfloat16 (autocast).
      learning_rate: constant learning rate.
      momentum: momentum of SGD.
      compiled: whether `torch.compile` compiles the network.
    """

    def __init__(
        self,
        model: str,
        images,
        labels,
        *,
        batch_size: int,
        bfloat16: bool,
        learning_rate: float,
        momentum: float,
        compiled: bool,
    ):
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self._images = torch.tensor(images)
        self._labels = torch.tensor(labels).long()
        self._batch_size = batch_size
        self._bfloat16 = bfloat16
        self._model = BUILDERS[model]().to(memory_format=torch.channels_last)
        if compiled:
            self._model = torch.compile(self._model)
        self._optimizer = torch.optim.SGD(
            self._model.parameters(), learning_rate, momentum, fused=True
        )

    def train(self, steps: int) -> None:
        """Takes optimizer steps on random batches."""
        for _ in range(steps):
            index = torch.randint(len(self._labels), (self._batch_size,))
            with torch.autocast("cpu", torch.bfloat16, self._bfloat16):
                logits = self._model(self._images[index])
                loss = functional.cross_entropy(logits, self._labels[index])
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()


class TorchWorker:
    """Measures one network after another."""

    def describe(self) -> dict:
        """Returns the version and what PyTorch uses."""
        return {
            "version": torch.__version__,
            "compiled": _HAS_COMPILER,
            "threads": torch.get_num_threads(),
        }

    def prepare(self, model: str, precision: str, path: str) -> float:
        """Builds a network; returns the seconds of a step.

        Compiles it with `torch.compile` if that is faster here.
        """
        with np.load(path) as data:
            images, labels = data["images"], data["labels"]
        trainers = [
            Trainer(
                model,
                images,
                labels,
                batch_size=BATCH,
                bfloat16="bfloat16" in precision,
                learning_rate=0.01,
                momentum=0.9,
                compiled=compiled,
            )
            for compiled in ((False, True) if _HAS_COMPILER else (False,))
        ]
        seconds = [warm_up(trainer.train) for trainer in trainers]
        best = seconds.index(min(seconds))
        self._train = trainers[best].train
        return seconds[best]

    def time(self, name: str, epochs: int, steps: int) -> float:
        """Returns images per second."""
        del name
        return speed(self._train, epochs, steps)


if __name__ == "__main__":
    worker = TorchWorker()
    serve(
        {
            "describe": worker.describe,
            "prepare": worker.prepare,
            "time": worker.time,
        }
    )
