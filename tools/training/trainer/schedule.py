"""Warm-up, stable, decay: the factor of the learning rate, linear up, constant, linear down to a hundredth."""

from __future__ import annotations

from .settings import Training

LAST = 0.01


def factor(step: int, training: Training) -> float:
    warmup = max(1, round(training.warmup_fraction * training.steps))
    decay = max(1, round(training.decay_fraction * training.steps))
    up = (step + 1) / warmup
    down = LAST + (1 - LAST) * (training.steps - step) / decay
    return min(1.0, up, down)
