"""Expert networks, under the names of the families, and running rows through the experts that were chosen for them.

Source: specs/retnet-mod-moe-families.md sections C.2 and C.4.
"""

from __future__ import annotations

from typing import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    return functional.silu(gate) * up


def clamped_swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """gpt-oss: g·σ(1.702 g)·(u + 1) with g at most 7 and u within ±7."""
    gate, up = gate.clamp(max=7), up.clamp(-7, 7)
    return gate * (1.702 * gate).sigmoid() * (up + 1)


ACTIVATIONS = {"silu": swiglu, "clamped": clamped_swiglu}
# The names of the gate, up and down projection of one expert.
NAMES = {"projections": ("gate_proj", "up_proj", "down_proj"), "numbers": ("w1", "w3", "w2")}


class Expert(nn.Module):
    """down(act(gate x, up x)), no biases."""

    def __init__(self, width: int, hidden: int, names: str = "projections", activation: str = "silu"):
        super().__init__()
        self.names = NAMES[names]
        self.activation = ACTIVATIONS[activation]
        for name, (inputs, outputs) in zip(self.names, ((width, hidden), (width, hidden), (hidden, width))):
            setattr(self, name, nn.Linear(inputs, outputs, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        gate, up, down = (getattr(self, name) for name in self.names)
        return down(self.activation(gate(x), up(x)))


class StackedLinear(nn.Module):
    """The weights of one projection of all experts [E, out, in]."""

    def __init__(self, experts: int, inputs: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(experts, outputs, inputs))


class FusedFeedForward(nn.Module):
    """The shared expert of Granite: gate and up projection are the halves of one matrix [2F, H]."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.input_linear = nn.Linear(width, 2 * hidden, bias=False)
        self.output_linear = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.output_linear(swiglu(*self.input_linear(x).chunk(2, -1)))


def stacked_expert(inputs: StackedLinear, outputs: StackedLinear, index: int) -> Callable[[Tensor], Tensor]:
    """Expert `index` of Granite: gate rows first, then up rows."""

    def run(x: Tensor) -> Tensor:
        hidden = swiglu(*functional.linear(x, inputs.weight[index]).chunk(2, -1))
        return functional.linear(hidden, outputs.weight[index])

    return run


def stacked(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict as transformers 5 has it in memory: the experts of a layer in two tensors, gate rows first.

    mlp.experts.gate_up_proj [E, 2F, H] and mlp.experts.down_proj [E, H, F], without `.weight`. Mixtral's mixture is
    called `mlp` there too. What it saves by default are still the names of old, but checkpoints of both kinds exist.
    """
    result, parts = {}, {}
    for name, tensor in weights.items():
        layer, found, rest = name.replace("block_sparse_moe", "mlp").partition(".mlp.experts.")
        if not found:
            result[layer] = tensor
            continue
        index, projection, _ = rest.split(".")
        parts.setdefault(f"{layer}{found}", {})[int(index), projection] = tensor
    for prefix, experts in parts.items():
        gate, up, down = next(names for names in NAMES.values() if (0, names[0]) in experts)
        count = len(experts) // 3
        halves = [torch.cat((experts[index, gate], experts[index, up])) for index in range(count)]
        result[f"{prefix}gate_up_proj"] = torch.stack(halves)
        result[f"{prefix}down_proj"] = torch.stack([experts[index, down] for index in range(count)])
    return result


def run_experts(
    experts: Sequence[Callable[[Tensor], Tensor]], x: Tensor, chosen: Tensor, weights: Tensor
) -> Tensor:
    """x [R, H], chosen [R, k], weights [R, k] -> Σ weight · expert(x) [R, H], summed in the order of choice.

    Rows are sorted by expert, so that each expert is one product with all of its rows. An index behind the last expert
    is an expert that does nothing.
    """
    flat = chosen.flatten()
    order = flat.argsort(stable=True)
    counts = torch.bincount(flat, minlength=len(experts)).tolist()
    parts = x[order // chosen.shape[1]].split(counts)
    results = [expert(part) for expert, part in zip(experts, parts) if len(part)]
    results += [torch.zeros_like(part) for part in parts[len(experts) :]]
    joined = torch.cat(results)
    back = torch.empty_like(joined).index_copy(0, order, joined).view(*chosen.shape, -1)
    return (back * weights[..., None].to(back.dtype)).sum(1)
