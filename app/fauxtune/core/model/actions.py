"""The actions of Graph's managedDevice, the states of an action, and the position that a device reports for one.

Source: Graph reference, managedDevice (methods), deviceActionResult and deviceGeoLocation.

#: data
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DeviceAction(StrEnum):
    """The names in paths, and of `actionName`. Unverified: that the latter are `wipe` and `retire`."""

    ACTIVATE_ESIM = "activateDeviceEsim"
    BYPASS_ACTIVATION_LOCK = "bypassActivationLock"
    CANCEL_ENHANCED_LOGS = "cancelEnhancedLogCollection"
    CHANGE_ASSIGNMENTS = "changeAssignments"
    CLEAN_WINDOWS = "cleanWindowsDevice"
    COLLECT_LOGS = "createDeviceLogCollectionRequest"
    DELETE = "delete"
    DELETE_SHARED_USER = "deleteUserFromSharedAppleDevice"
    DEPROVISION = "deprovision"
    DISABLE = "disable"
    DISABLE_LOST_MODE = "disableLostMode"
    ENABLE_LOST_MODE = "enableLostMode"
    ENROLL_NOW = "enrollNowAction"
    ATTEST = "initiateDeviceAttestation"
    RECOVER_KEY = "initiateMobileDeviceManagementKeyRecovery"
    REMEDIATE = "initiateOnDemandProactiveRemediation"
    LOCATE = "locateDevice"
    LOG_OUT_SHARED_USER = "logoutSharedAppleDeviceActiveUser"
    MOVE_TO_UNIT = "moveDeviceToOrganizationalUnit"
    OVERRIDE_COMPLIANCE = "overrideComplianceState"
    PAUSE_REFRESH = "pauseConfigurationRefresh"
    PLAY_SOUND = "playLostModeSound"
    REBOOT = "rebootNow"
    RECOVER_PASSCODE = "recoverPasscode"
    REENABLE = "reenable"
    LOCK = "remoteLock"
    REMOVE_ESIM = "removeDeviceEsim"
    REMOVE_FIRMWARE_MANAGEMENT = "removeDeviceFirmwareConfigurationInterfaceManagement"
    REMOTE_ASSISTANCE = "requestRemoteAssistance"
    RESET_PASSCODE = "resetPasscode"
    RESTORE_HOME_SCREEN = "restoreManagedHomeScreen"
    RETIRE = "retire"
    REVOKE_VPP_LICENSES = "revokeAppleVppLicenses"
    ROTATE_BITLOCKER_KEYS = "rotateBitLockerKeys"
    ROTATE_FILEVAULT_KEY = "rotateFileVaultKey"
    ROTATE_ADMIN_PASSWORD = "rotateLocalAdminPassword"  # noqa: S105 - Graph's name of an action
    ROTATE_RECOVERY_LOCK = "rotateRecoveryLockPasscode"
    NOTIFY = "sendCustomNotificationToCompanyPortal"
    RENAME = "setDeviceName"
    SHUT_DOWN = "shutDown"
    SUSPEND_HOME_SCREEN = "suspendManagedHomeScreen"
    SYNC = "syncDevice"
    CONFIGURATION_MANAGER = "triggerConfigurationManagerAction"
    ENHANCED_LOGS = "triggerEnhancedLogCollection"
    UPDATE_ACCOUNT = "updateWindowsDeviceAccount"
    DEFENDER_SCAN = "windowsDefenderScan"
    DEFENDER_UPDATE = "windowsDefenderUpdateSignatures"
    WIPE = "wipe"


class ActionState(StrEnum):
    """Graph: actionState. Active: the action was sent to the device."""

    PENDING = "pending"
    CANCELED = "canceled"
    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"
    NOT_SUPPORTED = "notSupported"


#: The states in which the device has still to answer.
WAITING = (ActionState.PENDING, ActionState.ACTIVE)


_POLE, _DATE_LINE = 90, 180


def is_on_earth(location: Mapping[str, float]) -> bool:
    """Whether a location, by the names of Graph, has a latitude and a longitude that exist."""
    if "latitude" not in location or "longitude" not in location:
        return False
    return abs(location["latitude"]) <= _POLE and abs(location["longitude"]) <= _DATE_LINE
