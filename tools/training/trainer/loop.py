"""The training loop: one step after another, logged, checkpointed, resumed; a kill at any moment loses two minutes."""

from __future__ import annotations

import json
import time
from typing import Optional

import torch
from torch import nn

from twin.caches import Cache
from twin.decoder import Decoder, Trace

from . import checkpoints, drafts, measures, optimisers, schedule
from .batches import Batches
from .settings import Settings, Training


class Loop:
    """A run on a device: bfloat16 on a GPU and on processors asked for it with `half`, else float32."""

    def __init__(self, settings: Settings, model: Decoder, batches: Batches, device: torch.device, half: bool):
        self.settings, self.training = settings, settings.training
        self.model, self.batches = model.to(device), batches
        self.device, self.half = device, half
        own, head = drafts.parts(model)
        self.parameters, self.draft_head = [p for _, p in own], [p for _, p in head]
        # Apart, so that the model is trained as without a head.
        self.optimisers = [o for part in (own, head) if part for o in optimisers.build(part, self.training, half)]
        self.step, self.seconds = checkpoints.load(settings.checkpoint, model, self.optimisers, settings.made_with)
        checkpoints.cut_log(settings.log, self.step)
        settings.folder.mkdir(parents=True, exist_ok=True)

    def run(self, minutes: Optional[float] = None) -> bool:
        """Trains to the end, or for some minutes. True if the run is complete."""
        begin = saved = time.monotonic()
        first, before = self.step, self.seconds
        self.model.train()
        while self.step < self.training.steps:
            now = time.monotonic()
            self.seconds = before + now - begin
            if minutes is not None and now - begin > 60 * minutes:
                break
            if now - saved > self.training.save_every_seconds:
                self.save()
                saved = now
            loss, trace = self.one_step()
            self.step += 1
            if self.step % self.training.log_every == 0 or self.step == self.training.steps:
                self.log(loss, trace, (time.monotonic() - begin) / (self.step - first))
        self.save()
        return self.step >= self.training.steps

    def one_step(self) -> tuple[torch.Tensor, Trace]:
        training = self.training
        optimisers.set_learning_rate(self.optimisers, training, schedule.factor(self.step, training))
        warm_up(self.model, self.step, training)
        batch, cache = self.batches.at(self.step).to(self.device), Cache()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.half):
            hidden, trace = self.model.hidden(batch.inputs, self.mode(), cache)
            chosen, logits = measures.logits_of_targets(self.model, hidden, batch)
            loss = measures.mean_loss(chosen, logits, batch)
            if self.draft_head:
                drafted = drafts.loss(self.model, trace, cache, batch, chosen, logits)
        total = loss + auxiliary(trace, training)
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.parameters, training.clip)
        if self.draft_head:
            drafted.backward(inputs=self.draft_head)
            nn.utils.clip_grad_norm_(self.draft_head, training.clip)
            trace.add_loss("draft", drafted.detach())
        for optimiser in self.optimisers:
            optimiser.step()
        if hasattr(self.model, "after_step"):
            self.model.after_step()
        return loss, trace

    def mode(self) -> str:
        """Top-k, but for a last part in threshold mode where the settings ask for one (spec section 6.2)."""
        begin = (1 - self.training.threshold_fraction) * self.training.steps
        return "threshold" if self.step >= begin else "topk"

    def save(self) -> None:
        path, made_with = self.settings.checkpoint, self.settings.made_with
        checkpoints.save(path, self.step, self.model, self.optimisers, self.seconds, made_with)

    def log(self, loss: torch.Tensor, trace: Trace, seconds_per_step: float) -> None:
        if not loss.isfinite():
            raise checkpoints.diverged(self.settings.name, self.step)
        tokens = self.training.batch * self.settings.data.window
        entry = {
            "step": self.step,
            "tokens": self.step * tokens,
            "loss": round(loss.item(), 4),
            **{name: round(value.item(), 4) for name, value in trace.losses.items()},
            **{name: [round(x, 4) for x in values] for name, values in measures.routing_of(trace).items()},
            "learning_rate": round(schedule.factor(self.step - 1, self.training), 4),
            "seconds": round(self.seconds, 1),
        }
        with open(self.settings.log, "a") as file:
            file.write(json.dumps(entry) + "\n")
        left = (self.training.steps - self.step) * seconds_per_step / 60
        print(
            f"{self.settings.name} {self.step}/{self.training.steps} loss {entry['loss']:.3f}"
            f" {tokens / seconds_per_step:.0f} tokens/s, {left:.0f} min left",
            flush=True,
        )


def warm_up(model: Decoder, step: int, training: Training) -> None:
    """Where a warm-up is set: capacities from 1 down to their own by a cosine, or full depth until it ends."""
    end = training.capacity_warmup_fraction * training.steps
    left = 0.0 if step >= end else 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / end)).item())
    if hasattr(model, "capacity_warmup"):
        model.capacity_warmup = left
    if hasattr(model, "balancing_warmup"):
        model.balancing_warmup = step < end


def auxiliary(trace: Trace, training: Training) -> torch.Tensor:
    """The auxiliary losses with their coefficients, once per optimiser step. Spec section 6.2."""
    coefficients = {
        "membership": training.membership,
        # These train routers of their own, fed detached rows: nothing else sees their size.
        "aux_router": 1.0,
        "predictor": 1.0,
        "balance": training.balance,
        "z": training.z,
    }
    return sum((coefficients[name] * value for name, value in trace.losses.items()), torch.zeros(()))
