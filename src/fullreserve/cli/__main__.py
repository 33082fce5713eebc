"""`python -m fullreserve.cli`, as `fullreserve`."""

import sys

from fullreserve.cli import main

sys.exit(main())
