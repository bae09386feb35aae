"""Key/value caches: one append-only slot per layer of the unrolled model, or per shared layer where keys are shared."""

from __future__ import annotations

from functools import reduce
from typing import Hashable, Optional

import torch
from torch import Tensor

from .layers import KeysValues, Store


class Cache:
    """The slots of one batch of sequences. Slots hold different rows, so each knows the positions of its own."""

    def __init__(self) -> None:
        self.slots: dict[Hashable, KeysValues] = {}
        # What has no rows: a state that every token changes, or a count.
        self.states: dict[Hashable, Tensor] = {}
        self.length = 0

    def appending(self, key: Hashable) -> Store:
        """A store that adds the current rows to a slot; the queries see the whole slot."""

        def store(current: KeysValues) -> KeysValues:
            before = self.slots.get(key)
            after = current if before is None else joined(before, current)
            self.slots[key] = after
            return after

        return store

    def overwriting(self, key: Hashable) -> Store:
        """A store with one slot for all loops: the current rows take the place of those of an earlier loop."""

        def store(current: KeysValues) -> KeysValues:
            before = self.slots.get(key)
            self.slots[key] = current if before is None else joined(first_rows(before, self.length), current)
            return self.slots[key]

        return store

    def latest(self, keys: list[Hashable]) -> Store:
        """A store that adds the current rows to the last of some slots, which belong to the loops 0, 1, … of a layer.

        Queries see, of each position, the row of its last loop among these, since tokens may have run fewer loops.
        """

        def store(current: KeysValues) -> KeysValues:
            self.appending(keys[-1])(current)
            seen = reduce(joined, [self.slots[key] for key in keys])
            valid, count = known(seen), seen.positions.shape[1]
            same = seen.positions[:, :, None] == seen.positions[:, None, :]
            later = torch.ones(count, count, dtype=torch.bool, device=valid.device).triu(1)
            is_replaced = (same & later & valid[:, None, :]).any(2)
            return seen._replace(valid=valid & ~is_replaced)

        return store

    def reading(self, key: Hashable) -> Store:
        """A store that ignores the current rows: recursive key/value sharing."""
        return lambda current: self.slots[key]

    def replacing(self, key: Hashable, columns: Tensor, rows: Tensor) -> Store:
        """Hybrid: a store that shows a slot with `columns` [B, K] replaced by current rows [B, K], keeping nothing."""

        def store(current: KeysValues) -> KeysValues:
            slot = self.slots[key]
            keys, values = (x.gather(2, spread(rows, x)) for x in (current.keys, current.values))
            return slot._replace(
                keys=slot.keys.scatter(2, spread(columns, keys), keys),
                values=slot.values.scatter(2, spread(columns, values), values),
            )

        return store

    def rows(self, key: Hashable) -> int:
        return self.slots[key].keys.shape[2] if key in self.slots else 0

    def bytes(self) -> int:
        kept = [tensor for slot in self.slots.values() for tensor in (slot.keys, slot.values)]
        return sum(tensor.numel() * tensor.element_size() for tensor in (*kept, *self.states.values()))


def first_rows(rows: KeysValues, count: int) -> KeysValues:
    valid = None if rows.valid is None else rows.valid[:, :count]
    return KeysValues(rows.keys[:, :, :count], rows.values[:, :, :count], rows.positions[:, :count], valid)


def joined(before: KeysValues, after: KeysValues) -> KeysValues:
    valid: Optional[Tensor] = None
    if before.valid is not None or after.valid is not None:
        valid = torch.cat((known(before), known(after)), 1)
    return KeysValues(
        torch.cat((before.keys, after.keys), 2),
        torch.cat((before.values, after.values), 2),
        torch.cat((before.positions, after.positions), 1),
        valid,
    )


def known(rows: KeysValues) -> Tensor:
    return torch.ones_like(rows.positions, dtype=torch.bool) if rows.valid is None else rows.valid


def spread(index: Tensor, like: Tensor) -> Tensor:
    """[B, K] -> [B, g, K, d] for gathering and scattering along the rows of keys or values."""
    return index[:, None, :, None].expand(-1, like.shape[1], -1, like.shape[3])
