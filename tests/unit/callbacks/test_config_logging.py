from __future__ import annotations

from chainrule import config


def test_interactive_logging_is_on_until_it_is_disabled() -> None:
    assert config.is_interactive_logging_enabled()
    config.disable_interactive_logging()
    try:
        assert not config.is_interactive_logging_enabled()
    finally:
        config.enable_interactive_logging()
    assert config.is_interactive_logging_enabled()
