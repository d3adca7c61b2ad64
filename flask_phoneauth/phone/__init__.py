"""Phone numbers: any human spelling to one E.164, virtual numbers, regions. Pure, no I/O."""
