"""Apple devices: iPhones, iPads and Macs with a profile store, a keychain, and the MDM protocol."""
