"""A pipeline as tasks of Dask ends in the same bytes as on one machine, also when a worker dies."""

import os
import pathlib
import signal
import sys
import tempfile
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "spark" / "tests")]
import sluice_dask  # noqa: E402
from job import NOW, Job  # noqa: E402
from standalone import wait_for  # noqa: E402

#: How long one job may take.
SECONDS = 120


class Listening:
    """A client of Dask that notes which commands of `sluice` it was given."""

    def __init__(self, client):
        self.client = client
        self.gather = client.gather
        self.jobs = []

    def map(self, function, jobs, **options):
        self.jobs += [job[0] for job in jobs]
        return self.client.map(function, jobs, **options)


class DaskTests(unittest.TestCase):
    def setUp(self):
        from distributed import LocalCluster

        self.scratch = tempfile.TemporaryDirectory(prefix="sluice-dask-")
        self.job = Job(self.scratch.name)
        self.cluster = LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            local_directory=self.scratch.name, silence_logs=50)
        self.client = self.cluster.get_client()

    def tearDown(self):
        self.client.close()
        self.cluster.close()
        self.scratch.cleanup()

    def run_job(self, client=None, **options):
        return sluice_dask.run(
            client or self.client, f"{self.job.folder}/pipeline.yaml", f"{self.job.folder}/work",
            key=sluice_dask.contract.Key.new(), sluice=str(self.job.gate), now=NOW,
            range_bytes=60000, **options)

    def test_clean_run(self):
        """Every task is done once."""
        self.run_job()
        begun = self.job.begun()
        self.assertGreater(len(begun), 15)
        self.assertEqual(len(begun), len(set(begun)))
        self.assertEqual(self.job.results(), self.job.expected)

    def test_buckets(self):
        """Each bucket of what the tasks counted is merged by a call of its own."""
        client = Listening(self.client)
        self.run_job(client, buckets=3)
        self.assertEqual(client.jobs.count("task"), len(self.job.begun()))
        self.assertEqual(client.jobs.count("reduce"), 3)
        self.assertEqual(self.job.results(), self.job.expected)

    def test_worker_killed(self):
        """The tasks of a worker that dies are done again by another one."""
        import threading

        self.job.allow(0)
        failures = []

        def work():
            try:
                self.run_job()
            except Exception as failure:
                failures.append(failure)

        driver = threading.Thread(target=work)
        driver.start()
        wait_for(lambda: len(self.job.begun()) >= 2, SECONDS, "two attempts")
        victim = next(iter(self.cluster.workers.values())).pid
        os.kill(victim, signal.SIGKILL)
        self.job.allow_all()
        driver.join(SECONDS)
        self.assertEqual(failures, [])
        self.assertTrue(self.job.is_complete())
        begun = self.job.begun()
        self.assertGreater(len(begun), len(set(begun)))
        self.assertEqual(self.job.results(), self.job.expected)


class StatusTests(unittest.TestCase):
    def main(self, error):
        """The exit status of the script for a job that ends in `error`."""
        words = ["--scheduler", "tcp://none:1", "--pipeline", "p.yaml", "--work", "work"]
        with (
            mock.patch.dict(sys.modules, {"distributed": mock.MagicMock()}),
            mock.patch.object(sluice_dask, "run", side_effect=error),
        ):
            return sluice_dask.main(words)

    def test_the_status_is_that_of_the_tool(self):
        """When all tries are used up, of a task and of a merge."""
        task = RuntimeError("sluice task task-0a: exit status 6, may pass")
        self.assertEqual(self.main(task), 6)
        self.assertEqual(self.main(RuntimeError("sluice reduce 0: exit status 7, may pass")), 7)
        with self.assertRaises(RuntimeError):
            self.main(RuntimeError("no space"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
