"""The node tree by itself: every line of the table is held to, for every kind of device."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fauxtune_sim.platforms import Platform
from fauxtune_sim.tables import Mistake
from fauxtune_sim.windows import nodes
from fauxtune_sim.windows.tree import NodeRefusal, Tree, path_of, uri_of

PHONE_81 = Platform.WINDOWS_PHONE_81
WINDOWS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, PHONE_81)
NAMES = {
    "{provider}": "MS DM Server",
    "{tenant}": "6f0b1b5e-5d0f-4c39-9a2f-0d7c4a1e8f10",
    "{thumbprint}": "AB" * 20,
    "{guid}": "{4f0b1d2e-9a8b-4c7d-8e6f-0123456789ab}",
    "{content}": "{c6d47067-6e92-480e-b0fc-4ba82182fac7}",
    "{id}": "CD" * 20,
    "{imei}": "351234567890124",
    "{mac}": "02A1B2C3D4E5",
}
VALUES = {
    "chr": "text",
    "int": "15",
    "bool": "true",
    "b64": "AAAA",
    "bin": "AAAA",
    "node": "",
    "null": "",
    "xml": "<a/>",
}
LINES = {platform: tuple(nodes.nodes_of(platform)) for platform in WINDOWS}
ADDED = {platform: [line for line in lines if "A" in line.split()[1]] for platform, lines in LINES.items()}
#: Lines of nodes that are made, under a name that the server or the device chooses.
NAMED = {
    platform: [line for line in lines if "{" in line and "{provider}" not in line] for platform, lines in LINES.items()
}
every_kind_of_windows = pytest.mark.parametrize("platform", WINDOWS)


def tree_of(platform: Platform) -> Tree:
    return Tree(platform, lambda name, path: f"the device's {name}", provider="MS DM Server")


def parts(line: str) -> tuple[tuple[str, ...], str, str]:
    path, access, form, *_ = line.split()
    return tuple(NAMES.get(one, one) for one in path.removeprefix("./").split("/")), access, form


def status(attempt: Callable[[], object]) -> int:
    try:
        attempt()
    except NodeRefusal as refused:
        return refused.status
    return 200


def put(tree: Tree, path: tuple[str, ...], form: str) -> None:
    """Have the node there, without asking whether that is allowed."""
    for length in range(1, len(path)):
        tree.nodes[path[:length]] = None
    tree.nodes[path] = None if form == "node" else VALUES[form]


def check_commands(platform: Platform, line: str) -> None:
    path, access, form = parts(line)
    attempts: list[tuple[str, bool, Callable[[Tree], object]]] = [
        ("A", False, lambda tree: tree.add(path, format=form, data=VALUES[form])),
        ("R", True, lambda tree: tree.replace(path, format=form, data=VALUES[form])),
        ("D", True, lambda tree: tree.delete(path)),
        ("G", True, lambda tree: tree.get(path)),
        ("X", True, lambda tree: tree.execute(path)),
    ]
    for letter, there, attempt in attempts:
        tree = tree_of(platform)
        if there:
            put(tree, path, form)
        code = status(lambda: attempt(tree))  # noqa: B023 - called at once
        if letter not in access or (letter == "R" and form == "node"):
            assert code == 405, (letter, line)
        else:
            assert code == 200 or (letter == "A" and path in tree_of(platform).nodes), (letter, line, code)


@every_kind_of_windows
def test_a_node_takes_exactly_the_commands_that_its_line_names(platform: Platform, subtests: pytest.Subtests) -> None:
    assert LINES[platform]
    for line in LINES[platform]:
        with subtests.test(line):
            check_commands(platform, line)


def check_adding(platform: Platform, line: str) -> None:
    path, _, form = parts(line)
    tree = tree_of(platform)
    tree.add(path, format=None, data=VALUES[form])
    assert status(lambda: tree.add(path, format=None, data=VALUES[form])) == 418
    assert all(tree.has(path[:length]) for length in range(1, len(path) + 1))


@every_kind_of_windows
def test_adding_twice_is_418_and_parents_come_by_themselves(platform: Platform, subtests: pytest.Subtests) -> None:
    assert ADDED[platform]
    for line in ADDED[platform]:
        with subtests.test(line):
            check_adding(platform, line)


def check_absence(platform: Platform, line: str) -> None:
    path, access, form = parts(line)
    tree = Tree(platform, lambda name, path: None, provider="MS DM Server")
    for letter, attempt in (
        ("G", lambda: tree.get(path)),
        ("D", lambda: tree.delete(path)),
        ("R", lambda: tree.replace(path, format=form, data=VALUES[form])),
    ):
        makes = letter == "R" and ("U" in access or form == "node")
        if letter in access and not makes:
            assert status(attempt) == 404, (letter, line)


@every_kind_of_windows
def test_what_was_never_made_is_404_for_get_delete_and_replace(platform: Platform, subtests: pytest.Subtests) -> None:
    assert NAMED[platform]
    for line in NAMED[platform]:
        with subtests.test(line):
            check_absence(platform, line)


def check_formats(platform: Platform, line: str) -> None:
    path, _, form = parts(line)
    tree = tree_of(platform)
    wrong = "null" if form != "null" else "int"
    assert status(lambda: tree.add(path, format=wrong, data=VALUES[form])) == 415
    bad = {"int": "many", "bool": "perhaps", "b64": "AA\nAA", "bin": "?", "node": "a value"}.get(form)
    if bad is not None:
        assert status(lambda: tree.add(path, format=form, data=bad)) == 415
    assert not tree.nodes


@every_kind_of_windows
def test_a_wrong_format_is_415(platform: Platform, subtests: pytest.Subtests) -> None:
    assert ADDED[platform]
    for line in ADDED[platform]:
        with subtests.test(line):
            check_formats(platform, line)


@pytest.mark.parametrize("said", ["chr", "b64", "bin", None])
def test_a_pfx_may_come_as_chr_b64_or_bin(said: str | None) -> None:
    tree = tree_of(Platform.WINDOWS)
    path = path_of("./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/A/PFXCertBlob", Platform.WINDOWS)
    tree.add(path, format=said, data="AAAA")
    assert tree.get(path).format == "bin"


#: What the contract with Microsoft's documents says, line by line, without looking at the table.
@pytest.mark.parametrize(
    ("platforms", "uri", "access"),
    [
        (WINDOWS, "./DevInfo/DevId", "G"),
        (WINDOWS, "./DevDetail/SwV", "G"),
        (WINDOWS[:2], "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber", "G"),
        (WINDOWS, "./Vendor/MSFT/DMClient/Unenroll", "GX"),
        (WINDOWS[:2], "./Device/Vendor/MSFT/DMClient/Unenroll", "GX"),
        (WINDOWS[:2], "./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/MaxSyncApplicationVersion", "G"),
        (WINDOWS[:2], "./Device/Vendor/MSFT/RootCATrustedCertificates/Root/" + "AB" * 20, "ADG"),
        (WINDOWS[:2], "./User/Vendor/MSFT/RootCATrustedCertificates/CA/" + "AB" * 20 + "/EncodedCertificate", "AGR"),
        (WINDOWS[:2], "./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/X/Thumbprint", "G"),
        (WINDOWS[:2], "./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/X", "ADGR"),
        (WINDOWS, "./Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/X/PFXCertBlob", "AGR"),
        (WINDOWS, "./Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/X/ContainerName", "AGRD"),
        (WINDOWS[2:], "./Vendor/MSFT/CertificateStore/Root/System/" + "AB" * 20 + "/EncodedCertificate", "AGR"),
        (WINDOWS, "./Vendor/MSFT/RemoteWipe/doWipe", "X"),
        (WINDOWS[:2], "./Device/Vendor/MSFT/RemoteWipe/doWipePersistUserData", "X"),
        (WINDOWS[1:], "./Vendor/MSFT/RemoteLock/Lock", "X"),
        (WINDOWS, "./Vendor/MSFT/Reboot/RebootNow", "X"),
    ],
)
def test_the_documented_nodes_are_there(platforms: tuple[Platform, ...], uri: str, access: str) -> None:
    for platform in platforms:
        rule = tree_of(platform).rule(path_of(uri, platform))
        assert rule is not None, (platform, uri)
        assert set(rule.access) == set(access)


@pytest.mark.parametrize(
    ("platform", "uri"),
    [
        (Platform.WINDOWS, "./User/Vendor/MSFT/RootCATrustedCertificates/Root"),
        (Platform.WINDOWS, "./Vendor/MSFT/RemoteLock/Lock"),
        (Platform.WINDOWS, "./Vendor/MSFT/ActiveSync/Accounts"),
        (PHONE_81, "./Vendor/MSFT/RootCATrustedCertificates/Root"),
        (PHONE_81, "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/MaxSyncApplicationVersion"),
        (PHONE_81, "./Vendor/MSFT/RemoteWipe/doWipeProtected"),
        (PHONE_81, "./User/Vendor/MSFT/ActiveSync/Accounts"),
        (PHONE_81, "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber"),
    ],
)
def test_trap_22_and_others_nodes_that_this_device_has_not(platform: Platform, uri: str) -> None:
    tree = tree_of(platform)
    path = path_of(uri, platform)
    assert status(lambda: tree.get(path)) == 404
    assert status(lambda: tree.add(path, format=None, data="")) == 406
    assert status(lambda: tree.execute(path)) == 406


@pytest.mark.parametrize("uri", ["/Vendor/MSFT", "", "./Vendor//MSFT", "./Vendor/../MSFT", "./Vendor/MSFT/{guid}"])
def test_a_locuri_that_is_none_is_400(uri: str) -> None:
    assert status(lambda: path_of(uri, Platform.WINDOWS)) == 400


def test_on_windows_phone_81_there_is_no_device_prefix() -> None:
    assert status(lambda: path_of("./Device/Vendor/MSFT/RemoteWipe/doWipe", PHONE_81)) == 404


def test_with_and_without_device_it_is_the_same_node() -> None:
    longer = path_of("./Device/Vendor/MSFT/DMClient", Platform.WINDOWS)
    assert longer == path_of("./Vendor/MSFT/DMClient", Platform.WINDOWS)
    assert uri_of(longer) == "./Vendor/MSFT/DMClient"


def test_another_management_server_is_425() -> None:
    tree = tree_of(Platform.WINDOWS)
    path = path_of("./Vendor/MSFT/DMClient/Provider/Somebody/EntDMID", Platform.WINDOWS)
    assert status(lambda: tree.get(path)) == 425
    assert status(lambda: tree.add(path, format=None, data="x")) == 425


def test_an_interior_node_names_its_children_encoded() -> None:
    tree = tree_of(Platform.WINDOWS)
    accounts = path_of("./User/Vendor/MSFT/ActiveSync/Accounts", Platform.WINDOWS)
    assert (tree.get(accounts).format, tree.get(accounts).data) == ("node", "")
    for guid in ("{4f0b1d2e-9a8b-4c7d-8e6f-0123456789ab}", "{5f0b1d2e-9a8b-4c7d-8e6f-0123456789ab}"):
        tree.add((*accounts, guid, "EmailAddress"), format=None, data="alice@contoso.example")
    assert tree.get(accounts).data == (
        "%7B4f0b1d2e-9a8b-4c7d-8e6f-0123456789ab%7D/%7B5f0b1d2e-9a8b-4c7d-8e6f-0123456789ab%7D"
    )
    providers = path_of("./Vendor/MSFT/DMClient/Provider", Platform.WINDOWS)
    assert tree.get(providers).data == "MS%20DM%20Server"


def test_a_default_can_be_read_once_its_parent_is_there_and_be_replaced() -> None:
    tree = tree_of(Platform.WINDOWS)
    node = path_of("./User/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/X", Platform.WINDOWS)
    kind = (*node, "PFXCertPasswordEncryptionType")
    assert status(lambda: tree.get(kind)) == 404
    tree.add((*node, "KeyLocation"), format="int", data="3")
    assert tree.get(kind).data == "0"
    tree.add(kind, format="int", data="1")
    assert tree.get(kind).data == "1"


def test_user_nodes_need_a_user() -> None:
    tree = Tree(Platform.WINDOWS, lambda name, path: None, user=False)
    path = path_of("./User/Vendor/MSFT/ActiveSync/Accounts", Platform.WINDOWS)
    assert status(lambda: tree.get(path)) == 405


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("node_rules.txt", "./DevInfo/Mod  ", "DevInfo/Mod  ", "'DevInfo/Mod"),
        ("node_rules.txt", "X    null", "Y    null", "COMMANDS FORMAT, and =DEFAULT or <FACT"),
        ("node_rules.txt", "chr   <Man", "chr   Man", "COMMANDS FORMAT, and =DEFAULT or <FACT"),
        ("node_rules.txt", "[phones]", "[everywhere]", "there is a section everywhere already"),
        ("node_rules.txt", "[everywhere]\n.", ".", "above this line stands a [section]"),
        ("policy_nodes.txt", "AGRDU int\n\n# Of each", "AGRDU integer\n\n# Of each", "SaIdleTime AGRDU inte"),
    ],
)
def test_a_mistake_in_the_tables_has_its_line(file: str, right: str, wrong: str, message: str) -> None:
    text = Path(nodes.__file__).with_name(file).read_text(encoding="utf-8")
    assert right in text
    before, _, after = text.partition(right)
    with pytest.raises(Mistake, match=re.escape(message)) as caught:
        nodes.read_nodes(f"{before}{wrong}{after}", file=file)
    assert str(caught.value).startswith(f"windows/{file}, line {before.count(chr(10)) + 1}: ")
