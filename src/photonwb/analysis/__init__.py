"""What is computed from movies: projections, traces, relative changes."""
