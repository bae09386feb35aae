"""AdamW, and Muon for the matrices of the layers.

Muon (K. Jordan, 2024; "Muon is scalable for LLM training", arXiv 2502.16982) replaces the momentum of a matrix by its
nearest orthogonal matrix, found by a few Newton-Schulz steps. At these sizes it reaches AdamW's loss with about two
thirds of the tokens, which is what a run on a processor needs. Embedding, head, norms and routers stay with AdamW.
"""

from __future__ import annotations

from typing import Iterable

import torch
from torch import Tensor, nn

from .settings import Training


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters: list[nn.Parameter], learning_rate: float, weight_decay: float, half: bool):
        super().__init__(parameters, {"lr": learning_rate, "weight_decay": weight_decay, "momentum": 0.95})
        # The iteration forgives bfloat16: it only has to come near an orthogonal matrix.
        self.type = torch.bfloat16 if half else torch.float32

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in alike.items():
                # All of a shape at once: a GPU spends more time on being told than on multiplying.
                updates = torch.stack([self.momentum(parameter, group["momentum"]) for parameter in parameters])
                # An update of the size that AdamW's would have: 0.2 root mean square (arXiv 2502.16982, section 2.2).
                scale = group["lr"] * 0.2 * max(shape) ** 0.5
                for parameter, update in zip(parameters, orthogonal(updates.to(self.type)), strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-scale)

    def momentum(self, parameter: nn.Parameter, decay: float) -> Tensor:
        """Nesterov's: the moving mean of the gradients, once more moved towards the last of them."""
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        mean = state["momentum"].lerp_(parameter.grad, 1 - decay)
        return parameter.grad.lerp(mean, decay)


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """About U Vᵀ of the singular value decompositions [.., R, C], by the quintic Newton-Schulz iteration."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


def build(
    parameters: Iterable[tuple[str, nn.Parameter]], training: Training, half: bool
) -> list[torch.optim.Optimizer]:
    """The optimisers of named parameters. Norms and other vectors are not decayed."""
    matrices, others, vectors = [], [], []
    for name, parameter in parameters:
        if parameter.dim() < 2:
            vectors.append(parameter)
        elif training.optimiser == "muon" and parameter.dim() == 2 and is_matrix(name):
            matrices.append(parameter)
        else:
            others.append(parameter)
    groups = [
        {"params": others, "weight_decay": training.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    adam = torch.optim.AdamW(groups, lr=training.learning_rate, betas=(0.9, 0.95))
    if training.optimiser == "adamw":
        return [adam]
    if training.optimiser != "muon":
        raise SystemExit(f"The optimiser is adamw or muon, not {training.optimiser}.")
    return [adam, Muon(matrices, training.matrix_learning_rate, training.weight_decay, half)]


def is_matrix(name: str) -> bool:
    return "router" not in name and "embed_tokens" not in name and "lm_head" not in name


def set_learning_rate(optimisers: list[torch.optim.Optimizer], training: Training, factor: float) -> None:
    for optimiser in optimisers:
        base = training.matrix_learning_rate if isinstance(optimiser, Muon) else training.learning_rate
        for group in optimiser.param_groups:
            group["lr"] = base * factor
