"""A pipeline on a real Spark cluster ends in the same bytes as on one machine, whatever dies.

`SLUICE` names the binary. Faults are raised on what is seen (attempts that have begun, tasks that
are published), never after a time.
"""

import gzip
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from standalone import Cluster, children, wait_for, words  # noqa: E402

SCRIPT = str(pathlib.Path(__file__).resolve().parent.parent / "sluice_spark.py")
SLUICE = os.path.abspath(os.environ.get("SLUICE", "sluice"))
NOW = "2026-04-15"
#: How long one job may take.
SECONDS = 240

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
    path: out/days.csv
    suppression: { persons: 2 }
"""

# Stands in front of the binary, for tests only: numbers the attempts as they begin. Those above the
# number in the file `limit` wait while it is there; the first one waits while `stuck` is there.
GATE = """#!/bin/sh
if [ "$1" = task ]; then
  number=1
  until mkdir {control}/$number 2>/dev/null; do number=$((number + 1)); done
  echo "$3 $$" > {control}/$number/begun
  while [ -e {control}/limit ] && [ $number -gt "$(cat {control}/limit)" ]; do sleep 0.1; done
  while [ $number = 1 ] && [ -e {control}/stuck ]; do sleep 0.1; done
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
        return {path.name: path.read_bytes() for path in sorted(out.glob("*"))}

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


class ClusterTests(unittest.TestCase):
    """All tests share one cluster: to start it takes longer than a job."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="sluice-spark-")
        cls.cluster = Cluster(cls.scratch)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()
        shutil.rmtree(cls.scratch, ignore_errors=True)

    def setUp(self):
        folder = os.path.join(self.scratch, self._testMethodName)
        os.mkdir(folder)
        self.job = Job(folder)
        self.assertGreater(len(self.job.expected["all.jsonl.gz"]), 1000)
        self.key = ["--key-file", f"{folder}/run.key"]

    def submit(self, *more, settings=(), log=None):
        name = log or self._testMethodName
        return self.cluster.submit(SCRIPT, self.job.options(*more), settings, name)

    def log(self):
        path = os.path.join(self.scratch, f"{self._testMethodName}.log")
        return pathlib.Path(path).read_text(errors="replace")

    def assert_same_bytes(self, driver):
        self.assertEqual(driver.wait(SECONDS), 0, self.log()[-4000:])
        self.assertTrue(self.job.is_complete())
        self.assertEqual(self.job.results(), self.job.expected)

    def test_clean_run_with_a_key_of_the_job(self):
        """Every task is done once, and nothing of any attempt is left."""
        driver = self.submit("--new-key")
        self.assert_same_bytes(driver)
        begun = self.job.begun()
        self.assertGreater(len(begun), 15)
        self.assertEqual(len(begun), len(set(begun)))
        self.assertEqual(self.job.attempts_left(), [])

    def test_executor_killed(self):
        """The tasks of an executor that dies are done again by another one."""
        self.job.allow(0)
        driver = self.submit(*self.key)
        wait_for(lambda: len(self.job.begun()) >= 2, SECONDS, "two attempts")
        victims = self.cluster.executors(self.cluster.workers[0])
        self.assertEqual(len(victims), 1)
        os.kill(victims[0], signal.SIGKILL)
        self.job.allow_all()
        self.assert_same_bytes(driver)
        begun = self.job.begun()
        self.assertGreater(len(begun), len(set(begun)))

    def test_driver_killed_and_submitted_again(self):
        """The second job goes on where the first one was killed."""
        self.job.allow(3)
        driver = self.submit(*self.key, log="killed")
        wait_for(lambda: len(self.job.published()) >= 2, SECONDS, "two published tasks")
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
        self.assertFalse(self.job.is_complete())
        self.assertEqual(self.job.results(), {})
        kept = self.job.published()
        self.job.allow_all()
        driver = self.submit(*self.key)
        self.assert_same_bytes(driver)
        self.assertGreaterEqual(len(kept), 2)
        self.assertEqual(len(list(self.job.folder.glob("work/plan-*"))), 1)

    SPECULATION = {
        "spark.speculation": "true", "spark.speculation.interval": "200ms",
        "spark.speculation.multiplier": "1.1", "spark.speculation.quantile": "0.1",
    }

    def test_task_stuck_and_speculated(self):
        """The copy of a task that is stuck wins."""
        self.job.hold_first()
        self.assert_same_bytes(self.submit(*self.key, settings=self.SPECULATION))
        begun = self.job.begun()
        self.assertGreater(begun.count(begun[0]), 1)

    def test_zombie_that_finishes_late(self):
        """An executor that is cut off counts as dead; what it still does changes nothing."""
        self.job.hold_first()
        driver = self.submit(*self.key, settings={
            "spark.network.timeout": "12s", "spark.network.timeoutInterval": "2s",
            "spark.executor.heartbeatInterval": "2s",
            "spark.storage.blockManagerHeartbeatTimeoutMs": "8s",
        })
        attempts = wait_for(self.job.attempts, SECONDS, "an attempt")
        process = attempts[0][1]
        executors = [
            found for worker in self.cluster.workers for found in self.cluster.executors(worker)]
        zombie = [found for found in executors if process in children(found)]
        self.assertEqual(len(zombie), 1)
        os.kill(zombie[0], signal.SIGSTOP)
        self.assert_same_bytes(driver)
        os.kill(process, 0)
        self.job.let_first_go()
        wait_for(lambda: not words(process), SECONDS, "the end of the late attempt")
        os.kill(zombie[0], signal.SIGKILL)
        self.assertEqual(self.job.results(), self.job.expected)
        self.assertEqual(self.job.published(), set())
        self.assertEqual(self.job.attempts_left(), [])

    def lose_half_way(self, fault):
        """Kills the executor of a faulty tool that has done half of a task."""
        self.job.put_faulty_tool(fault)
        self.job.hold_first()
        driver = self.submit(*self.key)
        wait_for((self.job.folder / "control" / "half-way").exists, SECONDS, "half of a task")
        busy = [
            executor for worker in self.cluster.workers
            for executor in self.cluster.executors(worker)
            if any("faulty_tool.py" in " ".join(words(child)) for child in children(executor))]
        for executor in busy:
            os.kill(executor, signal.SIGKILL)
        wait_for(lambda: not any(map(words, busy)), SECONDS, "the end of the executors")
        self.job.let_first_go()
        self.assertEqual(driver.wait(SECONDS), 0, self.log()[-4000:])

    def test_control_opening_the_final_name(self):
        """Without attempts of their own, tasks that are done again leave records twice."""
        self.lose_half_way("open-final")
        self.assertGreater(len(self.job.copies()), len(self.job.records()))

    def test_control_taking_the_end_of_input_for_success(self):
        """Who publishes when its input ends publishes what a dead executor left of it."""
        self.lose_half_way("end-of-input")
        self.assertLess(len(self.job.copies()), len(self.job.records()))

    def test_failure_for_good_is_not_tried_again(self):
        """A task that would fail again is done once, and the job says why."""
        self.job.allow(0)
        driver = self.submit(*self.key)
        wait_for(self.job.begun, SECONDS, "an attempt")
        (self.job.folder / "in" / "0.jsonl").write_text("".join(lines(5, 3000)))
        self.job.allow_all()
        self.assertEqual(driver.wait(SECONDS), 4, self.log()[-4000:])
        self.assertIn("has changed since the tasks were planned", self.log())
        begun = self.job.begun()
        self.assertEqual(len(begun), len(set(begun)))
        self.assertFalse(self.job.is_complete())
        self.assertEqual(self.job.results(), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
