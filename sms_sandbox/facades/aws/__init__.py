"""AWS: the SMS side of SNS (2010-03-31), and End User Messaging's SendTextMessage (2022-03-31)."""
