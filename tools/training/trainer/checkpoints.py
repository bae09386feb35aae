"""Checkpoints that are whole or not there: written beside and renamed, so that a kill at any moment leaves one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from torch import nn


def save(path: Path, step: int, model: nn.Module, optimisers: list[torch.optim.Optimizer], seconds: float) -> None:
    content = {
        "step": step,
        "seconds": seconds,
        "model": model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "generator": torch.get_rng_state(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def load(path: Path, model: nn.Module, optimisers: list[torch.optim.Optimizer]) -> tuple[int, float]:
    """The step to go on with and the seconds trained so far; 0 and 0 where there is no checkpoint."""
    if not path.exists():
        return 0, 0.0
    content = torch.load(path, map_location="cpu")
    model.load_state_dict(content["model"])
    for optimiser, state in zip(optimisers, content["optimisers"], strict=True):
        optimiser.load_state_dict(state)
    torch.set_rng_state(content["generator"])
    return content["step"], content["seconds"]


def load_weights(path: Path, model: nn.Module) -> None:
    """The weights alone of a finished run."""
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])


def cut_log(path: Path, step: int) -> None:
    """Drops the log lines behind a checkpoint, which the resumed run writes again, and a line cut by a kill."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if entry["step"] <= step:
            kept.append(line)
    partial = path.with_suffix(".partial")
    partial.write_text("".join(line + "\n" for line in kept))
    os.replace(partial, path)
