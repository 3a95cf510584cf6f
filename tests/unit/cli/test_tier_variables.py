"""Each tier's variables: what is accepted, and the sentence that a wrong one gets."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.refusals import SettingsRefused
from cli.variables.base import unknown
from cli.variables.tiers import TIERS, AccountsVariables, RouterVariables, StorageVariables, TierVariables

LEAST: Mapping[str, str] = {
    "TIDINGS_REDIS_URL": "redis://127.0.0.1:6379",
    "TIDINGS_DATA": "data",
    "TIDINGS_ENDPOINT": "example.com",
    "TIDINGS_DATABASE_URL": "postgresql+psycopg://tidings:s3cret@127.0.0.1:5432/tidings",
}

WRONG = [
    ("router", "TIDINGS_REDIS_URL", "http://127.0.0.1:6379"),
    ("router", "TIDINGS_REDIS_PREFIX", "a b"),
    ("router", "TIDINGS_REDIS_CA_FILE", "/nothing/there.pem"),
    ("router", "TIDINGS_LOG_LEVEL", "loud"),
    ("router", "TIDINGS_PORT", "65536"),
    ("router", "TIDINGS_PORT", "tcp://10.0.0.1:8080"),
    ("router", "TIDINGS_CONCURRENCY", "0"),
    ("router", "TIDINGS_TRUSTED_PROXIES", "-1"),
    ("router", "TIDINGS_ACCESS_LOG", "none"),
    ("router", "TIDINGS_DRAIN_SECONDS", "soon"),
    ("router", "TIDINGS_DRAIN_SECONDS", "nan"),
    ("router", "TIDINGS_HEARTBEAT_SECONDS", "0"),
    ("router", "TIDINGS_ROUTER_ID", "a/b"),
    ("storage", "TIDINGS_NODE_ID", "-node"),
    ("storage", "TIDINGS_ADVERTISE", "node-1"),
    ("storage", "TIDINGS_ADVERTISE", "node-1:0"),
    ("storage", "TIDINGS_WEIGHT", "0"),
    ("storage", "TIDINGS_HISTORY_ITEMS", "0"),
    ("storage", "TIDINGS_HISTORY_SECONDS", "inf"),
    ("accounts", "TIDINGS_ENDPOINT", "https://example.com"),
    ("accounts", "TIDINGS_DATABASE_URL", "mysql://127.0.0.1/tidings"),
    ("accounts", "TIDINGS_DATABASE_POOL_SIZE", "0"),
    ("accounts", "TIDINGS_TOPICS_URL", "https://example.com/topics"),
    ("accounts", "TIDINGS_MASTER_KEY", "s3cret"),
    ("accounts", "TIDINGS_USAGE_KEY", "s3cret"),
    ("router", "TIDINGS_USAGE_KEY_FILE", "/nothing/there"),
]


@pytest.fixture(autouse=True)
def least(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set what every tier needs, and nothing else."""
    for name in frozenset[str]().union(*(tier.names() for tier in TIERS.values())):
        monkeypatch.delenv(name, raising=False)
    for name, value in LEAST.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def refusal(tier: type[TierVariables]) -> str:
    with pytest.raises(SettingsRefused) as refused:
        tier.read()
    return str(refused.value)


@pytest.mark.parametrize("tier", TIERS.values())
def test_what_must_be_chosen_is_enough(tier: type[TierVariables]) -> None:
    assert tier.read().redis_url == LEAST["TIDINGS_REDIS_URL"]


@pytest.mark.parametrize(("tier", "name", "value"), WRONG)
def test_a_wrong_variable_is_named_with_what_it_accepts(
    monkeypatch: pytest.MonkeyPatch, tier: str, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    sentence = refusal(TIERS[tier])
    assert sentence.startswith(f"{name} must be ")
    assert len(sentence.splitlines()) == 1


@pytest.mark.parametrize(
    ("tier", "name"),
    [
        (TIERS[tier], name)
        for tier, names in {
            "router": ("TIDINGS_REDIS_URL", "TIDINGS_DATA"),
            "storage": ("TIDINGS_REDIS_URL",),
            "accounts": tuple(LEAST),
        }.items()
        for name in names
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, tier: type[TierVariables], name: str, *, empty: bool
) -> None:
    monkeypatch.setenv(name, "") if empty else monkeypatch.delenv(name)
    assert refusal(tier).startswith(f"{name} is not set: it must be ")


def test_all_wrong_variables_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_PORT", "x")
    monkeypatch.setenv("TIDINGS_LOG_LEVEL", "x")
    assert len(refusal(RouterVariables).splitlines()) == 2


@pytest.mark.parametrize("name", ["TIDINGS_REDIS_URL", "TIDINGS_DATABASE_URL", "TIDINGS_MASTER_KEY"])
def test_a_password_in_a_wrong_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "mongodb://tidings:s3cret@127.0.0.1/x")
    assert "s3cret" not in refusal(AccountsVariables)


def test_passwords_are_not_printed() -> None:
    assert "s3cret" not in repr(AccountsVariables.read())


def test_one_master_key_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_MASTER_KEY", "A" * 43 + "=")
    assert AccountsVariables.read().master_key_source.text
    monkeypatch.setenv("TIDINGS_MASTER_KEY_FILE", "master.key")
    assert refusal(AccountsVariables).startswith("TIDINGS_MASTER_KEY and TIDINGS_MASTER_KEY_FILE are both set")


def test_a_node_that_listens_everywhere_must_say_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_HOST", "0.0.0.0")
    assert refusal(StorageVariables).startswith("TIDINGS_ADVERTISE is not set: ")
    monkeypatch.setenv("TIDINGS_ADVERTISE", "node-1:7400")
    assert StorageVariables.read().advertised(7400) == "node-1:7400"


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "127.0.0.1:7400"), ("::1", "[::1]:7400")])
def test_a_node_is_reached_where_it_listens(monkeypatch: pytest.MonkeyPatch, host: str, address: str) -> None:
    monkeypatch.setenv("TIDINGS_HOST", host)
    assert StorageVariables.read().advertised(7400) == address


def test_a_process_in_another_folder_reads_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("TIDINGS_DATABASE_URL", "sqlite+aiosqlite:///accounts.db")
    read = AccountsVariables.read()
    for name, value in read.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert AccountsVariables.read() == read


def test_a_misspelt_variable_is_named_with_the_one_that_is_meant() -> None:
    known = RouterVariables.names()
    assert unknown(known, {"TIDINGS_REDIS_URI": "x"}) == [
        "TIDINGS_REDIS_URI is not a variable of any tier; is TIDINGS_REDIS_URL meant?"
    ]
    assert unknown(known, {"TIDINGS_REDIS_URL": "x", "TIDINGS_PORT_8080_TCP_ADDR": "x", "HOME": "x"}) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SMTP_HOST": "mail.test"}, "TIDINGS_SMTP_SENDER is not set"),
        ({"SMTP_HOST": "mail.test", "SMTP_SENDER": "a@example.com"}, "TIDINGS_PUBLIC_URL is not set"),
        ({"SMTP_PASSWORD": "s3cret"}, "TIDINGS_SMTP_PASSWORD is set and TIDINGS_SMTP_USERNAME is not"),
        ({"SMTP_SENDER": "nobody"}, "TIDINGS_SMTP_SENDER must be an e-mail address"),
        ({"SMTP_SENDER": "a@example.com\nBcc: b@example.com"}, "TIDINGS_SMTP_SENDER must be an e-mail address"),
        ({"SMTP_SECURITY": "ssl"}, "TIDINGS_SMTP_SECURITY must be starttls, tls or none"),
        ({"PUBLIC_URL": "tidings.example.com"}, "TIDINGS_PUBLIC_URL must be the URL"),
    ],
)
def test_what_mails_need_is_named(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], sentence: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"TIDINGS_{name}", value)
    assert sentence in refusal(AccountsVariables)


def test_a_mail_servers_port_goes_with_its_security(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SMTP_HOST": "mail.test",
        "SMTP_SENDER": "a@example.com",
        "PUBLIC_URL": "https://t.test/",
    }.items():
        monkeypatch.setenv(f"TIDINGS_{name}", value)
    for security, port in (("starttls", 587), ("tls", 465), ("none", 25)):
        monkeypatch.setenv("TIDINGS_SMTP_SECURITY", security)
        mail = AccountsVariables.read().mail_settings("http://127.0.0.1:8081")
        assert mail.smtp is not None
        assert (mail.smtp.port, mail.public_url) == (port, "https://t.test")
