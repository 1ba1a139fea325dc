"""The delivery's state machine as a Promela model, and the run of it that `make check` makes."""
