"""What devices are asked to do, and give: actions of Graph's managedDevice, steps, and secrets that they escrow.

Actions: their names, states, and the position that a device reports for one. Source: Graph reference, managedDevice
(methods), deviceActionResult and deviceGeoLocation. Steps are for devices that are managed step by step (Apple's MDM,
OMA-DM). Escrowed are recovery keys of disks, and passwords of local administrators (Graph: bitlockerRecoveryKey,
managedDevice: getFileVaultKey, deviceLocalCredentialInfo).
"""

from __future__ import annotations

import re
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


class StepKind(StrEnum):
    """The kind of command in a step."""

    INSTALL = "install"
    REMOVE = "remove"
    ACTION = "action"
    QUESTION = "question"
    INSTALL_APP = "installApp"
    REMOVE_APP = "removeApp"
    LIST_APPS = "listApps"


class StepState(StrEnum):
    """The state of a step that was sent at least once."""

    WAITING = "waiting"  # to be sent again
    SENT = "told"
    LATER = "later"  # the device put it off
    CONFIRMED = "confirmed"  # the device reports an install; its inventory has still to show it
    ANSWERED = "answered"  # a question
    REFUSED = "refused"


_BITLOCKER = re.compile(r"[0-9]{6}(-[0-9]{6}){7}")
_FILE_VAULT = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")
_ELEVEN, _LARGEST = 11, 1 << 16
_LONGEST_PASSWORD = 128


class EscrowKind(StrEnum):
    """The kinds of secrets."""

    BITLOCKER = "bitlocker"
    FILE_VAULT = "fileVault"
    LOCAL_ADMINISTRATOR = "localAdministrator"


#: What Entra ID keeps, and what Intune does.
OF_DIRECTORY = (EscrowKind.BITLOCKER, EscrowKind.LOCAL_ADMINISTRATOR)
OF_INTUNE = (EscrowKind.FILE_VAULT,)
#: How many of a kind are kept of one device: the newest. Differs from Entra ID: that keeps up to 200 recovery keys of a
#: device. Unverified: how many passwords.
KEPT = {EscrowKind.BITLOCKER: 20, EscrowKind.FILE_VAULT: 1, EscrowKind.LOCAL_ADMINISTRATOR: 4}


def is_recovery_password(text: str) -> bool:
    """Whether this is a recovery password of BitLocker: eight groups, each a multiple of 11 below 11 * 2^16.

    Microsoft: "BitLocker recovery overview" (numerical password).
    """
    if not _BITLOCKER.fullmatch(text):
        return False
    return all(int(group) % _ELEVEN == 0 and int(group) < _ELEVEN * _LARGEST for group in text.split("-"))


def is_file_vault_key(text: str) -> bool:
    """Whether this is a personal recovery key of FileVault: six groups of four letters and digits."""
    return _FILE_VAULT.fullmatch(text) is not None


def is_local_password(text: str) -> bool:
    """Whether this can be the password of a local administrator."""
    return 0 < len(text) <= _LONGEST_PASSWORD and text.isprintable()
