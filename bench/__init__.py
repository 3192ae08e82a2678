"""What Dunning costs, measured: `make bench`. Told in docs/performance.md and docs/scaling.md."""
