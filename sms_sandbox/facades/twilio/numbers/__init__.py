"""Numbers that an account buys: IncomingPhoneNumbers."""
