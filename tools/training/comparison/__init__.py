"""The parts of compare.py: one run, and the table and plot of all."""
