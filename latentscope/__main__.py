"""``python -m latentscope`` is the command `latentscope`."""

from latentscope.cli import main

if __name__ == "__main__":
    main()
