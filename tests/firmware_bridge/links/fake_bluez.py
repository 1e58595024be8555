"""As much of BlueZ, on a D-Bus of its own, as a wearable with the Nordic UART service needs: bleak is the real one."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager, contextmanager

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from firmware_bridge.links.ble import FROM_WEARABLE, TO_WEARABLE

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={}</listen><policy context="default"><allow own="*"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""
ADAPTER, WRIST, SERVICE = "/org/bluez/hci0", "/org/bluez/hci0/dev_AA", "/org/bluez/hci0/dev_AA/service0001"
TO, FROM = f"{SERVICE}/char0002", f"{SERVICE}/char0003"


@contextmanager
def private_bus(folder):
    """A system bus of our own; its address."""
    (folder / "bus.conf").write_text(BUS.format(folder / "bus"))
    command = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as bus:
        bus.stdout.readline()
        try:
            yield f"unix:path={folder}/bus"
        finally:
            bus.terminate()


def variants(**values):
    kinds = {str: "s", bool: "b", int: "q", list: "as"}
    return {name: Variant(kinds[type(value)], value) for name, value in values.items()}


def characteristic(uuid, *flags):
    about = variants(UUID=uuid, Flags=list(flags), MTU=103)
    return {"org.bluez.GattCharacteristic1": {**about, "Service": Variant("o", SERVICE)}}


class FakeBlueZ:
    """One adapter that hears one wearable, which says back what is written to it.

    Attributes:
        silent: Whether the wearable says nothing of itself, as one that is connected.
        written: The bytes and the kind of each write.
    """

    def __init__(self, *, powered=True):
        device = {
            **variants(Address="AA:BB:CC:00:11:22", Alias="wrist", Name="wrist", Connected=False),
            **variants(ServicesResolved=False, UUIDs=["00001801-0000-1000-8000-00805f9b34fb"]),
            "Adapter": Variant("o", ADAPTER),
        }
        self.objects = {ADAPTER: {"org.bluez.Adapter1": variants(Powered=powered, Roles=["central"])}}
        self.wrist = {"org.bluez.Device1": device}
        self.silent, self.written = False, []

    @asynccontextmanager
    async def on(self, address):
        self.bus = await MessageBus(bus_address=address).connect()
        await self.bus.request_name("org.bluez")
        self.bus.add_message_handler(self._serve)
        try:
            yield self
        finally:
            self.bus.disconnect()
            await self.bus.wait_for_disconnect()

    def connect(self, connected):
        self.objects[WRIST] = self.wrist
        uart = {**variants(UUID="6e400001-b5a3-f393-e0a9-e50e24dcca9e"), "Device": Variant("o", WRIST)}
        self._add(SERVICE, {"org.bluez.GattService1": uart})
        self._add(TO, characteristic(TO_WEARABLE, "write", "write-without-response"))
        self._add(FROM, characteristic(FROM_WEARABLE, "notify"))
        self._change(WRIST, "org.bluez.Device1", variants(Connected=connected, ServicesResolved=connected))

    def _serve(self, message):
        if message.message_type is not MessageType.METHOD_CALL or message.path == "/org/freedesktop/DBus":
            return None
        signature, body = "", []
        if message.member == "GetManagedObjects":
            signature, body = "a{oa{sa{sv}}}", [self.objects]
        elif message.member == "StartDiscovery" and not self.silent:
            asyncio.get_running_loop().call_later(0.02, self._add, WRIST, self.wrist)
        elif message.member in ("Connect", "Disconnect"):
            self.connect(message.member == "Connect")
        elif message.member == "WriteValue":
            self.written.append((bytes(message.body[0]), message.body[1]["type"].value))
            self._change(FROM, "org.bluez.GattCharacteristic1", {"Value": Variant("ay", message.body[0])})
        return Message.new_method_return(message, signature, body)

    def _add(self, path, interfaces):
        self.objects[path] = interfaces
        signal = ("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])
        self.bus.send(Message.new_signal(*signal))

    def _change(self, path, interface, changed):
        self.objects[path][interface].update(changed)
        signal = ("org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", [interface, changed, []])
        self.bus.send(Message.new_signal(path, *signal))
