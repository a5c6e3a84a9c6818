"""Settings of an item as people read them: a name, a value, and where the value comes from."""

from __future__ import annotations

from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow, setting_key
from fauxtune.core.model.settings import MEMBER, Asking, Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune_console.holdings import setting_words

NODE = "./Device/Vendor/MSFT/Policy/Config/Defender"


def words(*settings: Setting) -> str:
    payload = Unit(settings).encode()
    return setting_words(LedgerRow(setting_key("x"), Source.SETTING, ItemState.INSTALLED, "f", payload=payload))


def test_a_value_says_whether_it_is_in_conflict_or_goes_before_others() -> None:
    by, below = (Asking(ProfileId("p"), "a"),), (Asking(ProfileId("q"), "a"),)
    assert words(Setting("x/minLength", "int", 8, by=by)) == "minLength: 8"
    assert words(Setting("x/minLength", "int", 8, by=by, stricter="most")) == "minLength: 8 (by compliance)"
    ruling = Setting("x/minLength", "int", 8, by=by, stricter="most", below=below)
    assert words(ruling) == "minLength: 8 (by compliance, before other values)"
    assert words(Setting("x/minLength", "int", None, by=by, in_conflict=True)) == "minLength: not applied (in conflict)"


def test_members_of_a_list_have_the_name_of_the_list() -> None:
    paths = [Setting(f"{NODE}/ExcludedPaths#{path}", MEMBER, path) for path in ("C:\\Build", "D:\\Build")]
    assert words(*paths) == "ExcludedPaths: C:\\Build; ExcludedPaths: D:\\Build"
