"""The small parts of `tidings up`: the claim on an address, the lock on a folder, the wait before a restart."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.certificates import certificate
from cli.commands.up import accounts_variables
from cli.main import main
from cli.refusals import AddressUnavailable, CertificateUnusable, DataFolderUnusable, Refusal, SettingsRefused
from cli.settings import VARIABLE, EmbeddedSettings
from cli.supervisor.address import claim, join
from cli.supervisor.data_folder import DataFolder
from cli.supervisor.supervisor import Backoff


def test_a_claimed_port_is_kept_from_others_but_not_from_our_own() -> None:
    port, held = claim("127.0.0.1", 0)
    with held:
        with pytest.raises(AddressUnavailable, match=f"port {port} on 127.0.0.1 is in use"):
            claim("127.0.0.1", port)
        with socket.socket() as envoy:
            envoy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            envoy.bind(("127.0.0.1", port))
            envoy.listen()
    with claim("127.0.0.1", port).socket as again:
        assert again.getsockname()[1] == port


def test_routers_may_share_a_port_but_not_with_who_wants_it_alone() -> None:
    port, held = join("127.0.0.1", 0, "TIDINGS_PORT")
    with held, join("127.0.0.1", port, "TIDINGS_PORT").socket as second:
        assert second.getsockname() == held.getsockname()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = int(other.getsockname()[1])
        with pytest.raises(AddressUnavailable, match="choose another with TIDINGS_PORT"):
            join("127.0.0.1", taken, "TIDINGS_PORT")


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_cannot_be_claimed(host: str) -> None:
    with pytest.raises(AddressUnavailable, match="cannot listen"):
        claim(host, 0)


def test_a_folder_has_one_holder_at_a_time(tmp_path: Path) -> None:
    first = DataFolder.hold(tmp_path / "new" / "data")
    with pytest.raises(DataFolderUnusable, match="in use by another"):
        DataFolder.hold(tmp_path / "new" / "data")
    first.release()
    DataFolder.hold(tmp_path / "new" / "data").release()


def test_the_wait_doubles_up_to_a_bound_and_is_forgotten_after_a_stable_minute() -> None:
    backoff = Backoff()
    assert [round(backoff.after(1.0), 1) for _ in range(9)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert backoff.after(60.0) == 0.1


def test_no_tls_is_no_certificate() -> None:
    assert certificate(None, None) is None


def test_half_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CertificateUnusable, match="both"):
        certificate(tmp_path, None)


def test_each_reason_not_to_start_has_an_exit_code_of_its_own() -> None:
    codes = [kind.exit_code for kind in Refusal.__subclasses__()]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes
    assert 2 not in codes


def test_settings_reach_the_application_through_a_file(tmp_path: Path) -> None:
    settings = EmbeddedSettings(
        data_dir=tmp_path,
        host="127.0.0.1",
        port=8080,
        endpoint="example.com",
        tls=False,
        local=True,
        nodes=2,
        control_socket=tmp_path / "control.sock",
        generation=1,
    )
    variables = settings.write(tmp_path / "settings.json")
    assert list(variables) == [VARIABLE]
    assert EmbeddedSettings.from_environment(variables) == settings


def test_a_folder_of_the_account_service_is_where_the_command_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDINGS_USAGE_ARCHIVE", "archive")
    assert accounts_variables()["TIDINGS_USAGE_ARCHIVE"] == str(tmp_path / "archive")


@pytest.mark.parametrize("name", ["TIDINGS_USAGE_BATCHES_DAYS", "TIDINGS_GAPS_DAYS", "TIDINGS_SIGNING_KEY_DAYS"])
def test_the_command_itself_refuses_what_the_account_service_would(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "ever")
    with pytest.raises(SettingsRefused, match=name):
        accounts_variables()


def test_the_command_lists_its_subcommands_without_loading_them() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for command in ("up", "account", "key", "topic"):
        assert command in shown.output


def test_an_unknown_subcommand_is_a_usage_error() -> None:
    assert CliRunner().invoke(main, ["dance"]).exit_code == 2


def test_an_admin_port_without_a_local_service_is_a_usage_error() -> None:
    refused = CliRunner().invoke(main, ["up", "--admin-port", "9090"])
    assert (refused.exit_code, "--admin-port goes with --local" in refused.output) == (2, True)


def test_the_doctor_says_which_fleet_it_is_to_be_told_of_and_what_there_is_for_one_machine() -> None:
    refused = CliRunner().invoke(main, ["doctor"], env={"TIDINGS_REDIS_URL": None})
    assert refused.exit_code == 2
    assert "TIDINGS_REDIS_URL" in refused.output
    assert "/readyz" in refused.output


def test_up_explains_its_options_and_hides_those_for_tests() -> None:
    shown = CliRunner().invoke(main, ["up", "--help"]).output
    for option in ("--port", "--data", "--local", "--nodes", "--tls-cert", "--tls-key", "--host", "--admin-port"):
        assert option in shown
    assert "--app" not in shown
