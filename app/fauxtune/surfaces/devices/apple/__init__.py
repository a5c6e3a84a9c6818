"""Apple: property lists over HTTPS, as Apple's MDM protocol has them: iPhones, iPads and Macs.

A device enrols with a profile whose SCEP payload gets it an identity; with that it checks in and is told commands one
by one. Apple: "Device Management" (the schema is public as apple/device-management).
"""
