"""A test that fails beside others is looked at once more alone, and what failed is never passed over in silence."""

from pathlib import Path

import pytest

from tools.second_look import MOST, failed, look, refusal

# Each fails until a file is there, which its first run leaves.
ONCE = """
from pathlib import Path
def test_once():
    before = Path("before").exists()
    Path("before").touch()
    assert before
"""


def test_what_passes_alone_is_called_unsteady(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tmp_path.joinpath("test_it.py").write_text(ONCE)
    assert look(["test_it.py::test_once"], tmp_path) == 1
    assert look(["test_it.py::test_once"], tmp_path) == 0
    assert capfd.readouterr().out.count("unsteady: test_it.py::test_once") == 1


def test_what_is_gone_fails(tmp_path: Path) -> None:
    tmp_path.joinpath("test_it.py").write_text(ONCE)
    assert look(["test_it.py::test_other"], tmp_path) == 1


@pytest.mark.parametrize(
    ("count", "why"), [(0, "noted no test"), (1, None), (MOST, None), (MOST + 1, f"{MOST + 1} tests failed")]
)
def test_only_few_get_a_second_look(count: int, why: str | None) -> None:
    refused = refusal([f"test_it.py::test_{number}" for number in range(count)])
    assert refused is None if why is None else refused is not None and why in refused


def test_the_failed_are_those_that_pytest_noted(tmp_path: Path) -> None:
    noted = tmp_path / "lastfailed"
    assert failed(noted) == []
    noted.write_text('{"b.py::two[x-1]": true, "a.py::one": true}')
    assert failed(noted) == ["a.py::one", "b.py::two[x-1]"]
