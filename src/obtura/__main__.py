"""`python -m obtura`."""

import sys

from obtura.cli import main

if __name__ == "__main__":
    sys.exit(main())
