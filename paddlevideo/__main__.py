"""``python -m paddlevideo`` is the command ``manet``."""

import sys

from .tasks.command import main

sys.exit(main())
