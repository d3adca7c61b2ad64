"""What a text costs, in euros; the sandbox's own figures: it takes no money."""

from decimal import Decimal

PRICE = Decimal("0.03330000")
"""Of one part."""
BALANCE = Decimal("10.00000000")
"""Of every account, at any time."""
