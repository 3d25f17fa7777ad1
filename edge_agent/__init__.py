"""The program on every device: verifies, keeps and plays plans, and reports what it did."""

from typing import Final

__version__: Final = "0.1.0"
