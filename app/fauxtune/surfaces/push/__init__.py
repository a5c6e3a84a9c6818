"""The push channel in place of APNs, WNS and FCM: wakes devices and sends them the tenant's time."""
