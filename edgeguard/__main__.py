"""``python -m edgeguard``."""

from edgeguard.cli import main

if __name__ == "__main__":
    main()
