"""A small head of a model's own that drafts the token behind its early draft, so that two tokens start at once.

Source: draft heads that see the token drafted before, Hydra (arXiv 2402.05109); row and embedding joined behind a norm
each as in DeepSeek-V3's multi-token prediction (arXiv 2412.19437 section 2.2). The joined row goes through two matrices
instead of a layer: no attention, so nothing is kept for later tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import RMSNorm, Shape, initialise


class DraftHead(nn.Module):
    """u = r + down(SiLU(up [norm r, norm e])), of width H and hidden size M."""

    def __init__(self, shape: Shape, size: int):
        super().__init__()
        self.hidden_norm = RMSNorm(shape.width, shape.epsilon)
        self.embedding_norm = RMSNorm(shape.width, shape.epsilon)
        self.up_proj = nn.Linear(2 * shape.width, size, bias=False)
        self.down_proj = nn.Linear(size, shape.width, bias=False)

    def forward(self, rows: Tensor, embedded: Tensor) -> Tensor:
        """Rows [.., H] before the last norm, and embeddings [.., H] of the tokens next to theirs, drafted or chosen.

        The result [.., H] takes the place of the next token's row: the last norm and the head draft from it.
        """
        joined = torch.cat((self.hidden_norm(rows), self.embedding_norm(embedded)), -1)
        return rows + self.down_proj(functional.silu(self.up_proj(joined)))


def initialised(shape: Shape, size: int) -> DraftHead:
    """A new head. Its random numbers are its own: those drawn later are the same as without one."""
    with torch.random.fork_rng():
        head = DraftHead(shape, size)
        initialise(head, shape, shape.layers)
    return head
