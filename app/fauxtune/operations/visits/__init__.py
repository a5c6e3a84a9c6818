"""What a check-in has read of one device: a value that planning, apps, scripts and compliance share."""
