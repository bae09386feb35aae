"""One run of the comparison: as many steps as the FLOPs allow, then everything the table wants to know."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import torch

from text import pack
from text.bpe import Tokenizer
from trainer import checkpoints, evaluation, measures
from trainer.batches import Batch, Batches
from trainer.export import export
from trainer.flops import Counter
from trainer.loop import Loop, auxiliary
from trainer.settings import Settings, Training
from twin import build
from twin.caches import Cache
from twin.decoder import Decoder

PROMPT = 192
DECODED = 32


def exported(settings: Settings, tokenizer: Tokenizer) -> None:
    """Exports a finished run, so that the runtime can quantize and measure it, unless that was done."""
    if settings.export.exists():
        return
    model = build(settings.model)
    checkpoints.load_weights(settings.checkpoint, model)
    export(model, tokenizer, settings.export, settings.name, settings.sampling)


def one(base: Settings, settings: Settings, arguments: argparse.Namespace) -> None:
    """Trains and measures one architecture with one seed, unless its result is there."""
    result = settings.folder / "result.json"
    if result.exists():
        return
    torch.manual_seed(settings.training.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build(settings.model).to(device)
    batches = Batches(
        pack.load_arrays(base.packed("train")), base.data.window, base.training.batch, settings.training.seed
    )
    per_step = training_flops(model, batches.at(0).to(device), settings.training)
    steps = round(arguments.flops / per_step)
    settings = replace(settings, training=replace(settings.training, steps=steps))
    loop = Loop(settings, model, batches, device, half=arguments.bfloat16 or device.type == "cuda")
    loop.run()
    held_out = list(evaluation.held_out_batches(base, "validation", device))
    modes = ("topk", "threshold") if "mor" in settings.model or "mod" in settings.model else ("full",)
    model.eval()
    found = {
        "name": settings.name,
        "seed": settings.training.seed,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "layers": settings.model["num_hidden_layers"],
        "training_flops": per_step * steps,
        "tokens": steps * base.training.batch * base.data.window,
        "seconds": round(loop.seconds),
        "nll": {mode: measures.loss(model, held_out, mode)["nll"] for mode in modes},
        **decoding(model, held_out[0].inputs[0]),
    }
    result.write_text(json.dumps(found, indent=1) + "\n")


def training_flops(model: Decoder, batch: Batch, training: Training) -> int:
    """FLOPs of the matrix products of one step, forward and backward, counted on a fresh model."""
    model.train()
    with Counter() as counter:
        hidden, trace = model.hidden(batch.inputs)
        (measures.weighted_loss(model, hidden, batch) + auxiliary(trace, training)).backward()
    model.zero_grad(set_to_none=True)
    return counter.flops


@torch.no_grad()
def decoding(model: Decoder, ids: torch.Tensor) -> dict[str, float]:
    """FLOPs per decoded token behind a prompt, routed causally, and the 16-bit bytes of cache per token of text."""
    cache = Cache()
    model.hidden(ids[None, :PROMPT], "threshold", cache)
    with Counter() as counter:
        for place in range(PROMPT, PROMPT + DECODED):
            hidden, _ = model.hidden(ids[None, place : place + 1], "threshold", cache)
            model.head(hidden)
    return {"decode_flops": counter.flops / DECODED, "cache_bytes": cached_bytes(cache) / (PROMPT + DECODED)}


def cached_bytes(cache: Cache) -> int:
    """What a runtime keeps: keys and values in 16 bits, the states of retention in 32."""
    rows = sum(slot.keys.numel() + slot.values.numel() for slot in cache.slots.values())
    return 2 * rows + 4 * sum(state.numel() for state in cache.states.values())
