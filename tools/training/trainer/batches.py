"""Batches, each a function of the seed and the step alone, so that a resumed run sees what an unbroken one would."""

from __future__ import annotations

from typing import NamedTuple

import numpy
import torch
from torch import Tensor

from text.pack import Arrays


class Batch(NamedTuple):
    """inputs and targets [B, T] of token ids, and weights [B, T], 1 where the target is to be predicted."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(*(part.to(device) for part in self))


class Batches:
    """Packed arrays of either layout, in a new random order each epoch; a stream is also cut at a new offset."""

    def __init__(self, arrays: Arrays, window: int, batch: int, seed: int):
        self.tokens, self.mask = arrays
        self.window, self.batch, self.seed = window, batch, seed
        self.per_epoch = self.count() // batch
        if self.per_epoch == 0:
            raise SystemExit(
                f"The text fills {self.count()} windows of {window} tokens, fewer than a batch of {batch}: it takes"
                " more text or a smaller batch."
            )
        self.epoch, self.order, self.offset = -1, numpy.empty(0, numpy.int64), 0

    def count(self) -> int:
        """Windows of an epoch; a stream loses one so that an offset below the window always fits."""
        return len(self.tokens) if self.tokens.ndim == 2 else max(0, (len(self.tokens) - 1) // self.window - 1)

    def at(self, step: int) -> Batch:
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self.epoch:
            generator = numpy.random.default_rng((self.seed, epoch))
            self.epoch, self.order = epoch, generator.permutation(self.count())
            self.offset = int(generator.integers(self.window))
        chosen = self.order[place * self.batch : (place + 1) * self.batch]
        return self.windows(chosen)

    def windows(self, chosen: numpy.ndarray) -> Batch:
        if self.tokens.ndim == 2:
            tokens, mask = self.tokens[chosen], self.mask[chosen]
        else:
            starts = chosen[:, None] * self.window + self.offset + numpy.arange(self.window + 1)
            tokens, mask = self.tokens[starts], self.mask[starts]
        return batch_of(tokens, mask)


def batch_of(tokens: numpy.ndarray, mask: numpy.ndarray) -> Batch:
    """Windows of T + 1 tokens [B, T + 1] and the mask of their targets."""
    ids = torch.from_numpy(tokens.astype(numpy.int64))
    weights = torch.from_numpy(mask[:, 1:].astype(numpy.float32))
    return Batch(ids[:, :-1], ids[:, 1:], weights)
