"""Whether devices comply: settings of compliance policies compared with what the device last reported."""
