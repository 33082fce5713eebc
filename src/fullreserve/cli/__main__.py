"""`python -m fullreserve.cli`, as `fullreserve`."""

import sys

from fullreserve.cli import main

if __name__ == "__main__":
    sys.exit(main())
