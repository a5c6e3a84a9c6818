"""Stands for APNs, WNS and FCM: wakes devices and tells them the tenant's time."""
