"""Android devices: an agent that asks for its policy and makes the device look like it."""
