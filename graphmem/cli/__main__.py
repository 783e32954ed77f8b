"""`python -m graphmem.cli` is `graphmem`."""

from graphmem.cli import main

if __name__ == "__main__":
    main()
