"""``python -m mvae_widgets.cli``."""

import sys

from mvae_widgets.cli import main

sys.exit(main())
