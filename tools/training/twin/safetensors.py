"""Reading and writing safetensors files: eight bytes with the length of a JSON header, the header, the values.

Source: the format description of huggingface/safetensors. A header maps each name to dtype, shape and byte range.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch
from torch import Tensor

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
# NumPy has no bfloat16, so its bits travel as integers.
CARRIERS = {torch.bfloat16: torch.int16}


def read(path: Path | str) -> dict[str, Tensor]:
    data = bytearray(Path(path).read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        dtype = DTYPES[entry["dtype"]]
        # A copy of its own, because the bytes of a tensor need not be aligned in the file.
        # frombuffer wants at least a byte.
        empty = torch.empty(0, dtype=dtype, device="cpu")
        values = torch.frombuffer(data[start:end], dtype=dtype) if end > start else empty
        tensors[name] = values.view(entry["shape"])
    return tensors


def serialise(tensors: dict[str, Tensor]) -> bytes:
    header, parts, offset = {}, [], 0
    for name, tensor in tensors.items():
        flat = tensor.detach().cpu().contiguous()
        part = flat.view(CARRIERS.get(flat.dtype, flat.dtype)).numpy().tobytes()
        header[name] = {
            "dtype": NAMES[flat.dtype], "shape": list(flat.shape), "data_offsets": [offset, offset + len(part)]
        }
        parts.append(part)
        offset += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def write(path: Path | str, tensors: dict[str, Tensor]) -> None:
    Path(path).write_bytes(serialise(tensors))
