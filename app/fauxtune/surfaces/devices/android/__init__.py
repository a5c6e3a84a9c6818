"""Android: JSON over HTTPS, in the vocabulary of the Android Management API.

Android has no device-management wire of its own: an agent talks to its vendor's service. This wire is ours, with the
words of the public Android Management API (enterprises, devices, policies, operations) and documented extensions.
"""
