"""Pages of devices: the list, one device, its actions, enrolment, devices that the server itself runs."""
