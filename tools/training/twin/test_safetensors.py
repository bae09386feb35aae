"""Reading back what was written, and the layout of a file."""

from __future__ import annotations

import json
import struct
import tempfile
import unittest
from pathlib import Path

import torch

from . import safetensors


class SafetensorsTests(unittest.TestCase):
    def test_written_tensors_come_back(self) -> None:
        tensors = {
            "a": torch.randn(3, 5), "b": torch.randn(7).bfloat16(), "c": torch.tensor(2.5), "d": torch.zeros(0, 4),
            "e": torch.arange(4), "f": torch.randn(2, 3).t(),
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            safetensors.write(path, tensors)
            read = safetensors.read(path)
        self.assertEqual(list(read), list(tensors))
        for name, tensor in tensors.items():
            self.assertEqual(read[name].dtype, tensor.dtype)
            self.assertTrue(torch.equal(read[name], tensor.cpu()))

    def test_header_is_aligned_and_describes_the_values(self) -> None:
        data = safetensors.serialise({"x": torch.ones(2), "y": torch.ones(3).bfloat16()})
        (length,) = struct.unpack_from("<Q", data)
        self.assertEqual(length % 8, 0)
        header = json.loads(data[8 : 8 + length])
        self.assertEqual(header["y"], {"dtype": "BF16", "shape": [3], "data_offsets": [8, 14]})
        self.assertEqual(len(data), 8 + length + 14)


if __name__ == "__main__":
    unittest.main()
