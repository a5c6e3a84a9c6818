"""The channel of management agents: the Intune Management Extension of Windows, and the Intune agent of macOS.

Differs from Intune: the messages between these agents and the service are not published. This wire is the emulator's
own: one POST, JSON in both directions.
"""
