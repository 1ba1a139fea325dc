"""The benchmark table: each row runs ours and its limit in turns, on one machine, in one run."""
