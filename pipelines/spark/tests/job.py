"""A pipeline over invented logs, and what it gives on one machine: what the tests of all schedulers
run. `SLUICE` names the binary."""

import gzip
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

SLUICE = os.path.abspath(os.environ.get("SLUICE", "sluice"))
NOW = "2026-04-15"

PIPELINE = """
name: clustered
source: { format: jsonl, files: "in/*", time: ts }
identity: { user: user }
fields:
  ts: keep
  user: { hmac_sha256: { key: static.key } }
  ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
  action: keep
acknowledge: [static-key]
quarantine: { limit: 20% }
outputs:
  - { name: all, purpose: security, path: "out/all.jsonl.gz" }
statistics:
  - name: days
    purpose: security
    by: [day]
    measures: { times: count, users: { distinct: user } }
    path: out/tables/days.csv
    suppression: { persons: 2 }
"""

# Stands in front of the binary, for tests only: numbers the attempts as they begin. Those above the
# number in the file `limit` wait while it is there; the first one waits while `stuck` is there;
# those up to the number in `failing` find that storage fails.
GATE = """#!/bin/sh
if [ "$1" = task ]; then
  number=1
  until mkdir {control}/$number 2>/dev/null; do number=$((number + 1)); done
  echo "$0" > {control}/$number/program
  echo "$3 $$" > {control}/$number/begun
  while [ -e {control}/limit ] && [ $number -gt "$(cat {control}/limit)" ]; do sleep 0.1; done
  while [ $number = 1 ] && [ -e {control}/stuck ]; do sleep 0.1; done
  if [ -e {control}/failing ] && [ $number -le "$(cat {control}/failing)" ]; then exit 6; fi
fi
exec {sluice} "$@"
"""


def lines(file, count):
    """Invented events, some of which cannot be read."""
    for number in range(count):
        time = f"2026-03-{1 + number % 9:02}T{number % 24:02}:00:00Z"
        user = f"user{(number * 7 + file) % 23}@one.example"
        event = {"ts": time, "user": user, "ip": f"203.0.113.{number % 250}", "action": "login"}
        yield json.dumps(event) + "\n" if number % 40 else "broken\n"


class Job:
    """A pipeline with its sources in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "in").mkdir()
        (self.folder / "control").mkdir()
        (self.folder / "pipeline.yaml").write_text(PIPELINE)
        for name in ("static.key", "run.key"):
            path = self.folder / name
            path.write_text("an invented key of the tests, long enough")
            path.chmod(0o600)
        for file in range(4):
            (self.folder / "in" / f"{file}.jsonl").write_text("".join(lines(file, 3000)))
        packed = gzip.compress("".join(lines(9, 500)).encode(), mtime=0)
        (self.folder / "in" / "9.jsonl.gz").write_bytes(packed)
        self.gate = self.folder / "gate"
        self.gate.write_text(GATE.format(control=self.folder / "control", sluice=SLUICE))
        self.gate.chmod(stat.S_IRWXU)
        self.expected = self.on_one_machine()

    def on_one_machine(self):
        subprocess.run(
            [SLUICE, "run", f"{self.folder}/pipeline.yaml", "--now", NOW, "--quiet"], check=True)
        return self.take_results()

    def results(self):
        out = self.folder / "out"
        files = [path for path in sorted(out.rglob("*")) if not path.is_dir()]
        return {str(path.relative_to(out)): path.read_bytes() for path in files}

    def take_results(self):
        found = self.results()
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        return found

    def options(self, *more):
        return [
            "--pipeline", f"{self.folder}/pipeline.yaml", "--work", f"{self.folder}/work",
            "--now", NOW, "--range-bytes", "60000", "--sluice", str(self.gate), *more]

    def put_faulty_tool(self, fault):
        """Puts a tool in the place of the binary that breaks the rule of the commit."""
        (self.folder / "copies").mkdir()
        (self.folder / "in" / "9.jsonl.gz").unlink()
        tool = pathlib.Path(__file__).with_name("faulty_tool.py")
        self.gate.write_text(
            f'#!/bin/sh\nexec {sys.executable} {tool} {fault} {self.folder} {SLUICE} "$@"\n')

    def copies(self):
        """All records that the faulty tool published, sorted."""
        files = [path for path in (self.folder / "copies").iterdir() if path.name[0] != "."]
        return sorted(line for file in files for line in file.read_bytes().splitlines())

    def records(self):
        """All records of the sources, sorted."""
        files = (self.folder / "in").iterdir()
        return sorted(line for file in files for line in file.read_bytes().splitlines())

    def allow(self, attempts):
        """Lets only the first so many attempts do their work."""
        (self.folder / "control" / "limit").write_text(str(attempts))

    def allow_all(self):
        (self.folder / "control" / "limit").unlink()

    def fail(self, attempts):
        """Lets the first so many attempts fail in a way that may pass."""
        (self.folder / "control" / "failing").write_text(str(attempts))

    def hold_first(self):
        (self.folder / "control" / "stuck").touch()

    def let_first_go(self):
        (self.folder / "control" / "stuck").unlink()

    def attempts(self):
        """The task and the process of each attempt that has begun, in order."""
        found = []
        while (self.folder / "control" / str(len(found) + 1) / "begun").exists():
            text = (self.folder / "control" / str(len(found) + 1) / "begun").read_text()
            if not text.endswith("\n"):
                break
            name, process = text.split()
            found.append((name, int(process)))
        return found

    def begun(self):
        """The task of each attempt that has begun."""
        return [name for name, _ in self.attempts()]

    def published(self):
        """The tasks whose work is published."""
        return {path.name for path in self.folder.glob("work/plan-*/task-*")}

    def is_complete(self):
        return any(self.folder.glob("work/plan-*/_SUCCESS.json"))

    def attempts_left(self):
        return list(self.folder.glob("work/plan-*/_tmp.*"))
