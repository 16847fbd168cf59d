"""The figures that the README states, measured: `python -m tests.bench`. Not tests: nothing here passes or fails."""
