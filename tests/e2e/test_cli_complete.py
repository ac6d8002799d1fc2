"""Shell completion: the names behind it, and the scripts in the shells themselves."""

import os
import pty
import select
import shutil
import subprocess
import time

import pytest


@pytest.fixture
def names(mlflow_client):
    for n in ("taxi", "taxi two", "bus"):
        mlflow_client.create_experiment(n)
    run = mlflow_client.create_run("1")
    for n in ("ride", "rail"):
        mlflow_client.create_registered_model(n)
        mlflow_client.create_model_version(n, "s3://b/1")
    mlflow_client.set_registered_model_alias("ride", "champion", "1")
    mlflow_client.set_registered_model_alias("ride", "challenger", "1")
    return run.info.run_id


def test_names_are_completed_from_the_registry(podium, names):
    def ask(*args):
        return sorted(podium("complete", *args).ok().out.splitlines())

    assert ask("experiment", "ta") == ["taxi", "taxi two"]
    assert ask("model", "") == ["rail", "ride"]
    assert ask("alias", "cha", "ride") == ["challenger", "champion"]
    assert ask("alias", "", "rail") == []
    assert ask("run", names[:4]) == [names]
    assert ask("uri", "") == ["models:/", "runs:/"]
    assert ask("uri", "models:/ri") == ["models:/ride/1", "models:/ride@challenger",
                                        "models:/ride@champion"]
    assert ask("uri", "runs:/") == [f"runs:/{names}/"]
    assert "runs/log-batch" in ask("method", "runs/")
    assert ask("zebra", "") == []


@pytest.mark.parametrize("uri", ["sqlite:///none.db", "redis://x", "", "sqlite:///bad.db"])
def test_completion_is_silent_and_makes_nothing(podium, tmp_path, uri):
    (tmp_path / "bad.db").write_text("no database")
    for kind in ("experiment", "model", "alias", "run", "uri"):
        r = podium("complete", "--tracking-uri", uri, "--", kind, "models:/x", "y")
        assert (r.rc, r.out, r.err) == (0, "", ""), r
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith(".")] == ["bad.db"]


def test_the_packaged_scripts_are_what_the_program_prints(podium, repo_root):
    for shell, name in (("bash", "podium.bash"), ("zsh", "_podium"), ("fish", "podium.fish")):
        text = (repo_root / "completions" / name).read_text()
        assert podium("completion", shell).ok().out == text
        assert podium("help", f"--dump={shell}").ok().out == text


BASH = r"""
source completion
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
COMP_LINE=$1 COMP_POINT=${#1}
eval "$(complete -p podium | sed 's/complete -F \([^ ]*\).*/\1 podium/')"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def bash(podium, tmp_path):
    (tmp_path / "completion").write_text(podium("completion", "bash").ok().out)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "podium").symlink_to(podium.path)

    def complete(line):
        env = {**podium.env, "PATH": f"{tmp_path}/bin:{podium.env['PATH']}"}
        r = subprocess.run(["bash", "--norc", "-c", BASH, "bash", line], env=env, cwd=tmp_path,
                           capture_output=True, text=True, check=True)
        assert r.stderr == ""
        return sorted(r.stdout.split("\n")[:-1])

    return complete


def test_bash_completes_what_the_tables_hold(bash):
    assert bash("podium exp") == ["experiments"]
    assert bash("podium experiments re") == ["rename", "restore"]
    assert bash("podium runs list --vi") == ["--view"]
    assert bash("podium runs list --view ") == ["active", "all", "deleted"]
    assert bash("podium runs list --view=d") == ["deleted"]
    assert bash("podium runs list --view all --or") == ["--order-by"]
    assert bash("podium completion z") == ["zsh"]
    assert bash("podium help ali") == ["alias"]
    assert bash("podium experiments create -- --") == [""]


def test_bash_completes_names_of_the_registry(bash, names):
    assert bash("podium experiments show ta") == ["taxi", "taxi\\ two"]
    assert bash("podium experiments rm taxi b") == ["bus"]
    assert bash("podium log -e b") == ["bus"]
    assert bash("podium log --experiment=b") == ["bus"]
    assert bash("podium log -p a=b -e b") == ["bus"]
    assert bash("podium models show ri") == ["ride"]
    assert bash("podium alias rm ride cham") == ["champion"]
    assert bash("podium --tracking-uri sqlite:///none.db models show ri") == [""]
    assert bash(f"podium runs show {names[:5]}") == [names]


def test_bash_completes_uris_though_it_splits_words_at_colons(bash, names, tmp_path):
    assert bash("podium serve models:/ride@cham") == ["champion"]
    assert bash("podium serve models:/ra") == ["/rail/1"]
    (tmp_path / "modeldir").mkdir()
    assert bash("podium serve mode") == ["modeldir", "models:/"]


@pytest.mark.parametrize("shell, args", [("zsh", ["-n"]), ("fish", ["--no-execute"])])
def test_the_other_scripts_parse(podium, tmp_path, shell, args):
    program = shutil.which(shell)
    if not program:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(podium("completion", shell).ok().out)
    subprocess.run([program, *args, str(tmp_path / "script")], check=True)


def test_fish_completes(podium, names, tmp_path):
    fish = shutil.which("fish")
    if not fish:
        pytest.skip("fish is not installed")
    (tmp_path / "c.fish").write_text(podium("completion", "fish").ok().out)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "podium").symlink_to(podium.path)
    env = {**podium.env, "PATH": f"{tmp_path}/bin:{podium.env['PATH']}"}

    def complete(line):
        r = subprocess.run([fish, "--no-config", "-c",
                            f"source c.fish; complete -C '{line}'"],
                           env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
        return sorted(x.split("\t")[0] for x in r.stdout.splitlines())

    assert complete("podium exp") == ["experiments"]
    assert complete("podium experiments re") == ["rename", "restore"]
    assert complete("podium models show ri") == ["ride"]
    assert complete("podium runs list --view ") == ["active", "all", "deleted"]
    assert complete("podium alias rm ride cham") == ["champion"]


def test_zsh_completes(podium, names, tmp_path):
    """zsh has no way to ask from outside: type into a real one and read the screen."""
    zsh = shutil.which("zsh")
    if not zsh:
        pytest.skip("zsh is not installed")
    (tmp_path / "fn").mkdir()
    (tmp_path / "fn" / "_podium").write_text(podium("completion", "zsh").ok().out)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "podium").symlink_to(podium.path)
    (tmp_path / ".zshrc").write_text(
        f"fpath=({tmp_path}/fn $fpath); autoload -Uz compinit; compinit -u -D\nPS1='%% '\n")
    env = {**podium.env, "PATH": f"{tmp_path}/bin:{podium.env['PATH']}", "TERM": "dumb",
           "ZDOTDIR": str(tmp_path)}
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(zsh, ["zsh", "-i"], env)

    def read_until(text, timeout=30):
        seen = b""
        end = time.monotonic() + timeout
        while text.encode() not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 4096)
        assert text.encode() in seen, seen
        return seen

    read_until("% ")
    for typed, completed in (("podium exp", "podium experiments"),
                             ("podium models show ri", "show ride"),
                             ("podium runs list --view d", "deleted"),
                             ("podium alias rm ride cham", "champion")):
        os.write(master, typed.encode())
        os.write(master, b"\t")
        rest = completed.split()[-1][len(typed.split()[-1]):]
        read_until(rest)
        os.write(master, b"\x15\n")
        read_until("% ")
    os.write(master, b"exit\n")
    os.close(master)
    os.waitpid(pid, 0)
