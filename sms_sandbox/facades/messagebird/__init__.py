"""MessageBird's classic API: messages, Verify, Lookup, HLR and the balance."""
