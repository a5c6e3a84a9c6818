"""Apple's messages, commands, states and payloads in words. Apple: "Device Management".

#: data
"""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "Authenticate": "it begins to enrol",
    "TokenUpdate": "it can be woken by a push from now on",
    "CheckOut": "it has left",
    "SetBootstrapToken": "it leaves its bootstrap token with the server",
    "GetBootstrapToken": "it asks for its bootstrap token",
    "UserAuthenticate": "a user of it asks for a channel",
    "DeclarativeManagement": "declarative management",
    "GetToken": "it asks for a token of a service",
}

STATUSES: dict[str, str] = {
    "Idle": "it is ready for the next command",
    "Acknowledged": "the command was carried out",
    "Error": "the command failed",
    "CommandFormatError": "it cannot read the command",
    "NotNow": "it cannot do it now, and will report again",
}

COMMANDS: dict[str, str] = {
    "CertificateList": "list the installed certificates",
    "ClearPasscode": "remove the passcode",
    "DeviceInformation": "say what kind of device it is",
    "DeviceLocation": "say where the device is",
    "DeviceLock": "lock the device",
    "DisableLostMode": "end lost mode",
    "EnableLostMode": "begin lost mode",
    "EraseDevice": "erase everything",
    "InstallProfile": "install a configuration profile",
    "PlayLostModeSound": "play a sound",
    "ProfileList": "list the installed profiles",
    "RemoveProfile": "remove a configuration profile",
    "RestartDevice": "restart",
    "SecurityInfo": "say how the device is secured",
    "Settings": "change settings",
    "ShutDownDevice": "shut down",
}

PAYLOADS: dict[str, str] = {
    "Configuration": "configuration profile",
    "com.apple.eas.account": "Exchange ActiveSync account",
    "com.apple.ews.account": "Exchange account",
    "com.apple.mail.managed": "mail account",
    "com.apple.mdm": "device management (MDM)",
    "com.apple.security.pem": "certificate (PEM)",
    "com.apple.security.pkcs1": "certificate",
    "com.apple.security.pkcs12": "certificate with its private key (PKCS#12)",
    "com.apple.security.root": "trusted root certificate",
    "com.apple.security.scep": "certificate that the device requests by SCEP",
    "com.apple.vpn.managed": "VPN",
    "com.apple.wifi.managed": "Wi-Fi network",
}
