import pytest

from chainrule.errors import UnknownNameError
from chainrule.tabular.settings import Settings, SettingsError, override, read_toml


def test_toml_round_trip(tmp_path):
    settings = Settings(
        data='odd "name"\\é.csv', target="y z", task="binary", hidden=(8, 4), dropout=0.1, seed=3, split_by="g",
        types={"a.b": "numeric", 'q"': "category"}, drop=("c", "d"), learning_rate=1e-3,
    )  # fmt: skip
    path = tmp_path / "config.toml"
    path.write_text(settings.to_toml(), encoding="utf-8")
    assert override(read_toml(path), {}) == settings
    linear = Settings("d.csv", "y", hidden=())
    path.write_text(linear.to_toml(), encoding="utf-8")
    assert override(read_toml(path), {}) == linear


def test_flags_win():
    assert override({"data": "a", "target": "y", "seed": 1}, {"seed": 2, "target": None}) == Settings("a", "y", seed=2)
    with pytest.raises(SettingsError, match="Missing: --target"):
        override({"data": "a"}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0), ("epochs", True), ("epochs", 2.5), ("hidden", (0,)), ("hidden", [3]), ("dropout", 1.0),
        ("dropout", -0.1), ("learning_rate", float("inf")), ("validation", 0.0), ("seed", -1), ("types", {"a": 1}),
        ("drop", "abc"), ("target", 3), ("weight_decay", -1.0),
    ],
)  # fmt: skip
def test_wrong_values_name_the_setting(name, value):
    with pytest.raises(SettingsError, match=f"The setting '{name}' must be"):
        Settings(**{"data": "a", "target": "y", name: value})


def test_shares_must_leave_training_rows():
    with pytest.raises(SettingsError, match="must leave rows for training"):
        Settings("a", "y", validation=0.5, test=0.5)


def test_bad_files(tmp_path):
    with pytest.raises(SettingsError, match="there is no such file"):
        read_toml(tmp_path / "no.toml")
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="not readable as TOML"):
        read_toml(path)
    path.write_text("sed = 1")
    with pytest.raises(UnknownNameError, match=r"'sed'. Did you mean 'seed'"):
        read_toml(path)
