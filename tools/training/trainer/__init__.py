"""The trainer: data, schedule, optimisers, the loop that survives being killed, evaluation, plot and export."""
