"""Checkpoints that are whole or not there: written beside and renamed, so that a kill at any moment leaves one.

A checkpoint keeps what a run was made with, since a run that goes on with another model or data is neither.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import torch
from torch import nn


def save(
    path: Path, step: int, model: nn.Module, optimisers: list[torch.optim.Optimizer], seconds: float, made_with: dict
) -> None:
    """Ends the run instead where a weight is not finite: the checkpoint before is all that is left of it."""
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise diverged(path.parent.name, step)
    content = {
        "made_with": made_with,
        "step": step,
        "seconds": seconds,
        "model": model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "generator": torch.get_rng_state(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # In memory first: on a full disk PyTorch 1.13 ends the whole process from the destructor of its writer.
    written = io.BytesIO()
    torch.save(content, written)
    partial = path.with_suffix(".partial")
    try:
        with open(partial, "wb") as file:
            file.write(written.getbuffer())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SystemExit(f"{path} of step {step} could not be written, the one before is kept: {error}") from None
    os.replace(partial, path)


def diverged(name: str, step: int) -> SystemExit:
    return SystemExit(
        f"{name}: diverged by step {step}: a loss or a weight is not finite. The last checkpoint is as it was; with a"
        " lower learning rate the same command goes on from it."
    )


def load(
    path: Path, model: nn.Module, optimisers: list[torch.optim.Optimizer], made_with: dict
) -> tuple[int, float]:
    """The step to go on with and the seconds trained so far; 0 and 0 where there is no checkpoint."""
    if not path.exists():
        return 0, 0.0
    content = torch.load(path, map_location="cpu")
    require_same(content.get("made_with", made_with), made_with, path)
    model.load_state_dict(content["model"])
    for optimiser, state in zip(optimisers, content["optimisers"], strict=True):
        optimiser.load_state_dict(state)
    torch.set_rng_state(content["generator"])
    return content["step"], content["seconds"]


def load_weights(path: Path, model: nn.Module) -> None:
    """The weights alone of a finished run."""
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])


def require_same(before: dict, now: dict, made: Path) -> None:
    """Ends with one sentence where what a file of a run was made with is no longer what the configuration says."""
    for name in sorted(set(before) | set(now)):
        if before.get(name) != now.get(name):
            raise SystemExit(
                f"{made} was made with {name} = {before.get(name)}, and the configuration now says {now.get(name)}:"
                f" begin anew without {made.parent}, or change it back."
            )


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
