"""How the process of `twin` ends: at once, and with nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer

import api.cli

_BEGIN = """
import atexit, sys, threading, time, typer
import api.cli
from api.process import run
class Heavy:
    def __del__(self): print("taken apart")
heavy = Heavy()
atexit.register(print, "at exit")
def late():
    time.sleep(0.3)
    print("thread done")
def main():
    print("out")
    print("err", file=sys.stderr)
"""
_BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
_END = """
api.cli.main = main
run()
"""


def process(*last: str) -> tuple[int, list[str], list[str]]:
    """Exit code, stdout and stderr of a command line whose last lines these are."""
    code = _BEGIN + "".join(f"    {line}\n" for line in last) + _END
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.parametrize(
    ("last", "code"), [("pass", 0), ("sys.exit()", 0), ("sys.exit(1)", 1), ("sys.exit(2)", 2)]
)
def test_all_is_said_and_what_was_left_to_the_end_is_done(last: str, code: int) -> None:
    assert process(last) == (code, ["out", "at exit"], ["err"]), "and nothing is taken apart"


def test_threads_at_work_are_waited_for() -> None:
    code, out, _ = process("threading.Thread(target=late).start()")
    assert (code, out) == (0, ["out", "thread done", "at exit", "taken apart"])


def test_an_error_without_a_name_is_shown() -> None:
    code, out, err = process("raise RuntimeError('a defect')")
    assert code == 1
    assert out[:2] == ["out", "at exit"]
    assert err[-1] == "RuntimeError: a defect"


def test_a_text_as_exit_code_is_shown() -> None:
    assert process("sys.exit('a text')")[::2] == (1, ["err", "a text"])


def test_a_reader_that_has_gone_is_no_reason_to_complain() -> None:
    """As in `twin info CITY | head -1`."""
    code = _BEGIN + "    sys.stdin.read()\n" + _END
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], env=_BUFFERED, **pipes) as running:
        assert running.stdin is not None and running.stdout is not None and running.stderr is not None
        running.stdout.close()
        running.stdin.close()
        assert running.stderr.read() == b"err\n"
    assert running.returncode == 1


def test_each_command_is_found_in_the_module_that_makes_it() -> None:
    def names(app: typer.Typer) -> list[str | None]:
        alone = [c.name or c.callback.__name__ for c in app.registered_commands if c.callback is not None]
        return sorted([*alone, *(str(group.name) for group in app.registered_groups)])

    every = [name for commands in api.cli.COMMANDS.values() for name in commands]
    assert names(api.cli.command_line()) == names(api.cli.command_line("no command")) == sorted(every)
    for commands in api.cli.COMMANDS.values():
        for name in commands:
            assert names(api.cli.command_line(name)) == sorted(commands)
