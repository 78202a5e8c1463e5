"""A pipeline on a real Spark cluster ends in the same bytes as on one machine, whatever dies.

`SLUICE` names the binary. Faults are raised on what is seen (attempts that have begun, tasks that
are published), never after a time.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
import known_key  # noqa: E402
from job import Job, lines  # noqa: E402
from standalone import Cluster, children, free_port, wait_for, words  # noqa: E402

SCRIPT = str(pathlib.Path(__file__).resolve().parent.parent / "sluice_spark.py")
KNOWN_KEY = known_key.__file__
#: How long one job may take.
SECONDS = 240


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
        self.assertEqual(set(self.job.expected), {"all.jsonl.gz", "tables/days.csv"})
        self.assertGreater(len(self.job.expected["all.jsonl.gz"]), 1000)
        self.key = ["--key-file", f"{folder}/run.key"]

    def submit(self, *more, settings=(), log=None, script=SCRIPT):
        name = log or self._testMethodName
        driver = self.cluster.submit(script, self.job.options(*more), settings, name)
        # A job that goes on behind a test that failed would keep the cluster from the others.
        self.addCleanup(self.cluster.end, driver)
        return driver

    def log(self):
        path = os.path.join(self.scratch, f"{self._testMethodName}.log")
        return pathlib.Path(path).read_text(errors="replace")

    def assert_same_bytes(self, driver):
        self.assertEqual(driver.wait(SECONDS), 0, self.log()[-4000:])
        self.assertTrue(self.job.is_complete())
        self.assertEqual(self.job.results(), self.job.expected)

    def test_clean_run_with_a_key_of_the_job(self):
        """Every task is done once, nothing of any attempt is left, the key is written nowhere."""
        port = free_port()
        self.job.allow(4)
        driver = self.submit(
            script=KNOWN_KEY, settings={"spark.ui.enabled": "true", "spark.ui.port": str(port)})
        wait_for(lambda: len(self.job.begun()) >= 6, SECONDS, "six attempts")
        self.assert_shown(port)
        self.assert_in_no_process()
        self.job.allow_all()
        self.assert_same_bytes(driver)
        begun = self.job.begun()
        self.assertGreater(len(begun), 15)
        self.assertEqual(len(begun), len(set(begun)))
        self.assertEqual(self.job.attempts_left(), [])
        self.assertEqual(self.files_with(known_key.forms()), [])
        # Were it written somewhere, it would be found: the event log is plain text.
        self.assertTrue(
            any("events" in path.parts for path in self.files_with([b"sluice plan-"])))
        for before in range(3):
            leak = self.job.folder / f"leak-{before}"
            leak.write_bytes(base64.b64encode(b"x" * before + known_key.SECRET))
        self.assertEqual(len(self.files_with(known_key.forms())), 3)

    def assert_shown(self, port):
        """Spark's UI says what is at work, and how much of it; executors say it task by task."""
        def asked(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}") as answer:
                return json.load(answer)

        application = f"applications/{asked('applications')[0]['id']}"
        job, = wait_for(lambda: [
            job for job in asked(f"{application}/jobs")
            if (job["numCompletedTasks"], job["numActiveTasks"]) == (4, 2)
        ], SECONDS, "four tasks done in the UI, and two at work")
        name, = [path.name for path in self.job.folder.glob("work/plan-*")]
        planned = json.loads((self.job.folder / "work" / name / "plan.json").read_bytes())
        tasks = len(planned["tasks"])
        self.assertRegex(job["description"], rf"^sluice {name}: {tasks} tasks, 1\.\d MB$")
        self.assertEqual(job["numTasks"], tasks)
        query, = asked(f"{application}/sql")
        self.assertIn("sluice_task(id", query["planDescription"])
        said = [f"sluice task {task}: ".encode() for task in self.job.published()]
        logs = pathlib.Path(self.scratch)
        wait_for(lambda: all(
            any(line in path.read_bytes() for path in logs.glob("work-*/*/*/stderr"))
            for line in said), SECONDS, "what executors say")

    def assert_in_no_process(self):
        """The key stands in the words and the variables of no process of driver and cluster."""
        found = {}
        for process in children(os.getpid()):
            for name in ("cmdline", "environ"):
                try:
                    found[process, name] = pathlib.Path(f"/proc/{process}/{name}").read_bytes()
                except OSError:
                    pass  # It has ended.
        self.assertTrue(any(b"known_key.py" in content for content in found.values()))
        self.assertTrue(any(str(self.job.gate).encode() in content for content in found.values()))
        for content in found.values():
            self.assertFalse([form for form in known_key.forms() if form in content])

    def files_with(self, forms):
        """All files of the cluster and of the job, event logs too, that hold one of the forms."""
        files = [path for path in pathlib.Path(self.scratch).rglob("*") if path.is_file()]
        return [path for path in files if any(form in path.read_bytes() for form in forms)]

    def test_buckets_merged_by_the_cluster(self):
        """Each bucket of what the tasks counted is merged by a Spark task before the commit."""
        self.assert_same_bytes(self.submit("--buckets", "3", *self.key))
        said = b"".join(
            path.read_bytes() for path in pathlib.Path(self.scratch).glob("work-*/*/*/stderr"))
        for bucket in range(3):
            self.assertIn(f"sluice reduce {bucket}: ".encode(), said)

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

    def test_other_key_on_the_nodes(self):
        """Tasks with another key than that of the plan are refused, and the job writes nothing."""
        self.job.allow(0)
        driver = self.submit(*self.key)
        wait_for(self.job.begun, SECONDS, "an attempt")
        (self.job.folder / "run.key").write_text("another invented key of the tests, as long")
        self.job.allow_all()
        self.assertEqual(driver.wait(SECONDS), 8, self.log()[-4000:])
        self.assertIn("the key of the run is another one", self.log())
        self.assertEqual(self.job.published(), set())
        self.assertEqual(self.job.results(), {})

    def test_failure_for_good_is_not_tried_again(self):
        """A task that would fail again is done once, and the job says why."""
        self.job.allow(0)
        driver = self.submit("--new-key")
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
