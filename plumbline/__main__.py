"""``python -m plumbline``: the same as the console script."""

from plumbline.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
