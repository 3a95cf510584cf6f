"""What is compiled beside its source runs in its place, so it must be as new, and nothing may be left of what was."""

import ast
import os
from pathlib import Path

import click
import pytest

from cli.build import FOLDERS, SUFFIX, compiled, refuse_stale, stale
from tools import hot_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that has one module of each library, compiled after it was written."""
    (tmp_path / "setup.py").write_text(f"HOT_PATH = dict.fromkeys({FOLDERS}, ('module',))\n")
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
        for name in ("module.py", f"module{SUFFIX}", f"hot_path__mypyc{SUFFIX}"):
            (tmp_path / folder / name).touch()
    (tmp_path / "http2" / "frames.py").touch()
    for at, pattern in enumerate(("**/*.py", f"**/*{SUFFIX}")):
        for path in tmp_path.glob(pattern):
            os.utime(path, (at, at))
    return tmp_path


def test_what_is_newer_than_its_source_is_current(checkout: Path) -> None:
    assert hot_path.is_current(checkout)
    assert stale(checkout) == []


def test_a_source_that_was_changed_is_named(checkout: Path) -> None:
    os.utime(checkout / "http2" / "module.py", (5, 5))
    assert stale(checkout) == ["http2/module.py"]
    assert not hot_path.is_current(checkout)


def test_the_command_refuses_a_checkout_with_such_modules_and_no_wheel(checkout: Path) -> None:
    os.utime(checkout / "http2" / "module.py", (5, 5))
    refuse_stale(checkout)
    (checkout / "pyproject.toml").touch()
    with pytest.raises(click.ClickException, match=r"changed since compiled: http2/module\.py; run `make compile`"):
        refuse_stale(checkout)


def test_a_module_whose_constants_are_in_others_is_named(checkout: Path) -> None:
    (checkout / "http2" / "frames.py").touch()
    assert stale(checkout) == ["http2/frames.py"]


def test_a_source_that_is_gone_is_named(checkout: Path) -> None:
    (checkout / "router" / "module.py").unlink()
    assert stale(checkout) == ["router/module.py"]


def test_another_list_of_modules_is_compiled_anew(checkout: Path) -> None:
    os.utime(checkout / "setup.py", (5, 5))
    assert not hot_path.is_current(checkout)


def test_a_part_is_not_current(checkout: Path) -> None:
    (checkout / "router" / f"module{SUFFIX}").unlink()
    assert not hot_path.is_current(checkout)


def test_nothing_is_not_current(checkout: Path) -> None:
    hot_path.remove(checkout)
    assert list(compiled(checkout)) == []
    assert not hot_path.is_current(checkout)
    assert all((checkout / folder / "module.py").exists() for folder in FOLDERS)


def test_without_a_compiler_one_is_asked_for(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert hot_path.lacking() == "there is no C compiler (no-such-compiler) here"
    hot_path.remove(checkout)
    monkeypatch.setattr(hot_path, "ROOT", checkout)
    assert hot_path.main(["compile"]) == 1
    assert hot_path.main(["compile", "--if-possible"]) == 0


def test_a_compiler_that_fails_leaves_nothing(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "setup.py").write_text("HOT_PATH = {}\nif __name__ == '__main__':\n    raise SystemExit(3)\n")
    monkeypatch.setattr(hot_path, "ROOT", checkout)
    assert hot_path.main(["compile"]) == 1
    assert "could not be compiled (status 3" in capsys.readouterr().out
    assert list(compiled(checkout)) == []
    assert hot_path.main(["compile", "--if-possible"]) == 0


@pytest.mark.skipif(hot_path.lacking() is not None, reason=f"needs a C compiler: {hot_path.lacking()}")
def test_what_did_not_change_is_there_when_another_module_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(ext_modules=[Extension(f'http2.{name}', [f'http2/{name}.c']) for name in ('one', 'two')])\n"
    )
    (tmp_path / "http2").mkdir()
    for name in ("one", "two"):
        (tmp_path / "http2" / f"{name}.c").write_text(f"int PyInit_{name}(void) {{ return 0; }}\n")
    assert hot_path.compile_modules(tmp_path) is None
    there = sorted(compiled(tmp_path))
    (tmp_path / "http2" / "one.c").write_text("int PyInit_one(void) { return 1; }\n")
    assert hot_path.compile_modules(tmp_path) is None
    assert sorted(compiled(tmp_path)) == there
    assert len(there) == 2


def test_nothing_that_is_compiled_awaits_while_it_handles_an_exception() -> None:
    """It would be the current one for all that runs meanwhile, but below `RouterApp`, which is not compiled."""
    names = [f"{module}.py" for module in hot_path.listed(hot_path.ROOT)]
    found = [
        f"{name}:{node.lineno}"
        for name in names
        for handler in ast.walk(ast.parse((hot_path.ROOT / name).read_text()))
        if isinstance(handler, ast.ExceptHandler)
        for node in ast.walk(handler)
        if isinstance(node, ast.Await | ast.Yield)
    ]
    assert len(names) > 30
    assert [place for place in found if not place.startswith("router/pubsub.py")] == []
