"""``python -m capstar.cli``."""

from __future__ import annotations

from capstar.cli import main

main()
