"""The mobile operator behind the network APIs: it tells which number a device has, when a SIM was
changed, and sends codes of its own."""
