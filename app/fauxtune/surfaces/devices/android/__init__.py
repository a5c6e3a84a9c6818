"""Android: JSON over HTTPS, with the names of the Android Management API.

Android has no device-management protocol of its own: an agent calls its vendor's service. This protocol is our own,
with the names of the public Android Management API (enterprises, devices, policies, operations) and documented
extensions.
"""
