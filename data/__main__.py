"""`python -m data` lists the sets; `python -m data NAME [--config C]` prepares and counts one."""

import argparse
import os
import sys

import data


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data", description=__doc__)
    parser.add_argument("name", nargs="?", help="the set; without a name, all sets are listed")
    parser.add_argument("--config", help="its configuration, default the first one")
    parser.add_argument("--data-dir", help="default: $TFDS_DATA_DIR, else tfds' own default")
    args = parser.parse_args()
    if args.name is None:
        for name in data.names():
            configs = " ".join(c.name for c in data.builder_class(name).BUILDER_CONFIGS)
            print(f"{name}  {configs}".rstrip())
        return
    data.builder_class(args.name)  # an unknown name is an error before the slow import
    import_tensorflow_quietly()
    made = data.builder(args.name, args.config, args.data_dir)
    print(made.info.full_name, "in", made.data_dir)
    for split, info in made.info.splits.items():
        print(f"{split:<12}{info.num_examples:>9,}")
    for reason, count in (made.info.metadata or {}).get("left out", {}).items():
        print(f"left out{count:>13,}  {reason}")


def import_tensorflow_quietly() -> None:
    """Hides what TensorFlow's C++ prints on stderr whatever its log level says."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


if __name__ == "__main__":
    try:
        main()
    except (data.DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
