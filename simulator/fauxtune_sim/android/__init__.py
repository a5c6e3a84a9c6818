"""Android devices: an agent that fetches the device's policy and applies it."""
