"""Starts several workers that train one model: python -m common.workers COUNT MODULE ..."""

from .errors import run_main
from .system.workers import main

if __name__ == "__main__":
    run_main(main)
