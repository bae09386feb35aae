#!/usr/bin/python3
"""Runs a module or a script of this folder with another default device of PyTorch's (2.0 or newer): a GPU, mostly.

    python3 on_device.py cuda check_golden.py
    python3 on_device.py cuda -m unittest twin.test_family
"""

from __future__ import annotations

import runpy
import sys

import torch


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[2:] == ["-m"]:
        raise SystemExit("Usage: on_device.py DEVICE (SCRIPT | -m MODULE) [ARGUMENT...]")
    if not hasattr(torch, "set_default_device"):
        raise SystemExit(f"PyTorch {torch.__version__} knows no default device; 2.0 does.")
    torch.set_default_device(sys.argv[1])
    if sys.argv[2] == "-m":
        sys.argv = sys.argv[3:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = sys.argv[2:]
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
