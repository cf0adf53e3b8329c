"""Plots gradient norms against the time lag: python -m common.diagnostics [--cells ...]"""

from .analysis.gradient_lag import main
from .errors import run_main

if __name__ == "__main__":
    run_main(main)
