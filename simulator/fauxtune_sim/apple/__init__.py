"""Apple devices: iPhones, iPads and Macs with installed profiles, a keychain, and an MDM client."""
