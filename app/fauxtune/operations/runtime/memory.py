"""What check-ins remember of a tenant: the configuration that they read (profiles, assignments, users, groups,
templates, authorities, connectors, imported files), and the devices that are in a conversation, or whose last report
said nothing new in other words.

Every other transaction of the tenant may change it; so may a check-in that visits no device (of agents), as far as
devices are concerned. While another transaction runs nothing is remembered; if it wrote anything, the
devices are forgotten, and if it wrote other tables than those of devices and logs, the configuration too. So
is it by a check-in that writes some of it, as when a connector has opened an imported file. A check-in locks its device
before it asks, and whatever concerns a device raises its generation: so none plans with what was true before that.

Processes that share a database remember no devices, and the configuration under the version of the tenant that a
check-in reads once it has locked its device: whoever changes the configuration changes that version, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from fauxtune.core.model.ids import TenantId

T = TypeVar("T")

#: Bytes in all. A value is counted as several times its text, as Python's objects are larger.
_LIMIT = 32 * 1024 * 1024
_PER_CHARACTER, _OVERHEAD = 4, 512


@dataclass(slots=True)
class _Values:
    """Values with their sizes."""

    values: dict[Hashable, tuple[object, int]] = field(default_factory=dict)
    size: int = 0

    def put(self, key: Hashable, value: object, *, size: int) -> int:
        """Store a value; return by how many bytes that makes them larger."""
        larger = size + self.drop(key)
        self.values[key] = (value, size)
        self.size += size
        return larger

    def drop(self, key: Hashable) -> int:
        """Remove a value, if there is one; return by how many bytes that makes them larger."""
        _value, size = self.values.pop(key, (None, 0))
        self.size -= size
        return -size


@dataclass(slots=True)
class _OfTenant:
    version: str = ""
    configuration: _Values = field(default_factory=_Values)
    devices: _Values = field(default_factory=_Values)


class Memory:
    """The memory of all tenants, up to a number of bytes: if there is no room left, everything is forgotten."""

    def __init__(self) -> None:
        self._tenants: dict[TenantId, _OfTenant] = {}
        self._size = 0
        #: How many transactions may be changing a tenant at this moment.
        self._changing: dict[TenantId, int] = {}
        #: Another one whenever something was forgotten: who began to read before does not store what was read.
        self._state = object()
        self._lock = threading.Lock()

    def of(self, tenant_id: TenantId, *, version: Callable[[], str] | None = None) -> TenantMemory:
        """Return the memory of a tenant as a transaction that begins now may use it. `version` reads that of the
        tenant, where processes share the database.
        """
        return TenantMemory(self, tenant_id, state=self._state, version=version)

    def begin_change(self, tenant_id: TenantId) -> None:
        """Let no check-in remember anything of the tenant until `end_change`."""
        with self._lock:
            self._changing[tenant_id] = self._changing.get(tenant_id, 0) + 1

    def end_change(self, tenant_id: TenantId, *, wrote: bool, configuration: bool) -> None:
        """End what `begin_change` began. `wrote`: anything at all; `configuration`: more than devices and logs."""
        with self._lock:
            left = self._changing[tenant_id] - 1
            if left:
                self._changing[tenant_id] = left
            else:
                del self._changing[tenant_id]
            if configuration:
                self._forget(tenant_id)
            elif wrote:
                self._forget_devices(tenant_id)

    def forget_devices(self, tenant_id: TenantId) -> None:
        """Forget the devices of a tenant."""
        with self._lock:
            self._forget_devices(tenant_id)

    def forget_configuration(self, tenant_id: TenantId) -> None:
        """Forget the configuration of a tenant, of which a check-in has written a part."""
        with self._lock:
            known = self._tenants.get(tenant_id)
            if known is not None:
                self._size -= known.configuration.size
                known.configuration = _Values()
            self._state = object()

    def forget(self, tenant_id: TenantId) -> None:
        """Forget a tenant."""
        with self._lock:
            self._forget(tenant_id)

    def forget_all(self) -> None:
        """Forget all tenants."""
        with self._lock:
            self._forget_all()

    def get(self, tenant_id: TenantId, key: Hashable, *, device: bool, version: str = "") -> object | None:
        """Return the value of this key, if it is true at this moment. `device`: of a device, not of configuration."""
        known = None if tenant_id in self._changing else self._tenants.get(tenant_id)
        if known is None or known.version != version:
            return None
        value, _size = (known.devices if device else known.configuration).values.get(key, (None, 0))
        return value

    def put(
        self,
        tenant_id: TenantId,
        key: Hashable,
        *,
        value: object,
        size: int,
        state: object,
        device: bool,
        version: str = "",
    ) -> None:
        """Store a value of about so many bytes that was read since the memory had this `state`."""
        with self._lock:
            if state is not self._state or tenant_id in self._changing or size > _LIMIT // 4:
                return
            if self._size + size > _LIMIT:
                self._forget_all()
            known = self._tenants.get(tenant_id)
            if known is None or known.version != version:
                self._drop(tenant_id)
                known = self._tenants[tenant_id] = _OfTenant(version)
            self._size += (known.devices if device else known.configuration).put(key, value, size=size)

    def exchange(self, tenant_id: TenantId, key: Hashable, *, known: object, value: object) -> None:
        """Remember a value of about the same size in place of the one that is `known` of the device with this key. If
        another one is remembered by now, forget that.
        """
        with self._lock:
            of_tenant = self._tenants.get(tenant_id)
            if of_tenant is None:
                return
            held, size = of_tenant.devices.values.get(key, (None, 0))
            if held is known:
                of_tenant.devices.values[key] = (value, size)
            else:
                self._size += of_tenant.devices.drop(key)

    def drop(self, tenant_id: TenantId, key: Hashable) -> None:
        """Forget the device with this key, whatever else is under way."""
        known = self._tenants.get(tenant_id)
        if known is None or key not in known.devices.values:
            return
        with self._lock:
            known = self._tenants.get(tenant_id)
            if known is not None:
                self._size += known.devices.drop(key)

    def _forget_devices(self, tenant_id: TenantId) -> None:
        known = self._tenants.get(tenant_id)
        if known is not None:
            self._size -= known.devices.size
            known.devices = _Values()
        self._state = object()

    def _forget(self, tenant_id: TenantId) -> None:
        self._drop(tenant_id)
        self._state = object()

    def _drop(self, tenant_id: TenantId) -> None:
        known = self._tenants.pop(tenant_id, None)
        if known is not None:
            self._size -= known.configuration.size + known.devices.size

    def _forget_all(self) -> None:
        self._tenants.clear()
        self._size = 0
        self._state = object()


class TenantMemory:
    """The memory of one tenant, for one transaction of a check-in."""

    def __init__(
        self, memory: Memory, tenant_id: TenantId, *, state: object, version: Callable[[], str] | None = None
    ) -> None:
        self._memory = memory
        self._tenant_id = tenant_id
        self._state = state
        self._read_version = version
        self._version = None if version else ""
        #: Whether it wrote anything, and whether only of devices that it remembers or forgets.
        self.wrote = self.writes_one_device = False
        #: Whether it wrote what belongs to the configuration; `writes_configuration`: whether it has until now.
        self.wrote_configuration = False
        self.writes_configuration: Callable[[], bool] = bool
        #: The devices as this transaction leaves them, with about how many bytes they take.
        self._left: dict[Hashable, tuple[object, int]] = {}

    def known(self, key: Hashable, read: Callable[[], T], *, hidden: Callable[[T], int] | None = None) -> T:
        """Return the part of the configuration with this key: what is remembered, else what `read` returns, which must
        not be None. `hidden`: how many bytes it has that its text does not show.
        """
        if self._version is None:
            assert self._read_version is not None
            self._version = self._read_version()  # now, for the device is locked by now
        value = self._memory.get(self._tenant_id, key, device=False, version=self._version)
        if value is None:
            value = read()
            if self.writes_configuration():  # perhaps this, and the transaction may still fail
                return value
            size = _OVERHEAD + _PER_CHARACTER * (len(repr(key)) + len(repr(value)))
            size += 0 if hidden is None else hidden(value)
            self._put(key, value, size=size, device=False)
        return cast("T", value)

    def recall(self, key: Hashable) -> object | None:
        """Return what is remembered of the device with this key."""
        if self._read_version is not None:  # another process may have served it since
            return None
        return self._memory.get(self._tenant_id, key, device=True)

    def remember(self, key: Hashable, value: object, *, size: int) -> None:
        """Remember a device, by a value of about so many bytes, from the commit on. Until then nothing is remembered of
        it, nor afterwards if the transaction fails or another one is changing the tenant.
        """
        self.forget(key)
        if self._read_version is None:
            self._left[key] = (value, size)

    def forget(self, key: Hashable) -> None:
        """Forget the device with this key."""
        self._left.pop(key, None)
        self._memory.drop(self._tenant_id, key)

    def keep(self) -> None:
        """Remember the devices as the transaction has left them: it is committed. If it wrote of any others, forget
        all; if it wrote configuration, forget that.
        """
        if self.wrote and not self.writes_one_device:
            self._memory.forget_devices(self._tenant_id)
        else:
            for key, (value, size) in self._left.items():
                self._put(key, value, size=size, device=True)
        if self.wrote_configuration:
            self._memory.forget_configuration(self._tenant_id)

    def _put(self, key: Hashable, value: object, *, size: int, device: bool) -> None:
        version = self._version or ""
        self._memory.put(
            self._tenant_id, key, value=value, size=size, state=self._state, device=device, version=version
        )
