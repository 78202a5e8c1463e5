"""A pipeline through Spark Connect, which has no Spark context, ends in the bytes of one machine.

`SLUICE` names the binary. Needs what the client of Spark Connect asks for (connect.txt).
"""

import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import known_key  # noqa: E402
import sluice_spark  # noqa: E402
from job import NOW, Job, lines  # noqa: E402


@unittest.skipUnless(importlib.util.find_spec("grpc"), "the client of Spark Connect is not here")
class ConnectTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        from pyspark.sql import SparkSession

        os.environ["PYSPARK_PYTHON"] = sys.executable
        cls.server = tempfile.mkdtemp(prefix="sluice-connect-")
        os.mkdir(f"{cls.server}/events")
        settings = {
            "spark.ui.enabled": "false", "spark.local.dir": f"{cls.server}/local",
            "spark.eventLog.enabled": "true", "spark.eventLog.compress": "false",
            "spark.eventLog.dir": f"file://{cls.server}/events",
            "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={cls.server}",
        }
        builder = SparkSession.builder.remote("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        with warnings.catch_warnings():
            # They are for the server that is started here; a session may not change them.
            warnings.simplefilter("ignore")
            cls.spark = builder.getOrCreate()

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()
        shutil.rmtree(cls.server, ignore_errors=True)

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="sluice-connect-")
        self.addCleanup(self.scratch.cleanup)
        self.job = Job(self.scratch.name)

    def run_job(self, **options):
        return sluice_spark.run(
            self.spark, f"{self.job.folder}/pipeline.yaml", f"{self.job.folder}/work",
            sluice=str(self.job.gate), now=NOW, range_bytes=60000, **options)

    def assert_same_bytes(self):
        begun = self.job.begun()
        self.assertGreater(len(begun), 15)
        self.assertEqual(len(begun), len(set(begun)))
        self.assertTrue(self.job.is_complete())
        self.assertEqual(self.job.results(), self.job.expected)

    def test_there_is_no_context(self):
        """Otherwise the tests here would show nothing."""
        with self.assertRaises(Exception):
            self.spark.sparkContext.setJobDescription("")

    def test_clean_run_with_a_key_of_the_job(self):
        """Key and code reach the tasks; the key lies in no file of the server."""
        self.run_job(key=sluice_spark.Key(secret=known_key.SECRET))
        self.assert_same_bytes()
        self.assertEqual(self.job.attempts_left(), [])
        files = [path for path in pathlib.Path(self.server).rglob("*") if path.is_file()]
        events = b"".join(path.read_bytes() for path in files if "events" in path.parts)
        self.assertIn(b"sluice_task", events)
        for path in [*files, *(path for path in self.job.folder.rglob("*") if path.is_file())]:
            content = path.read_bytes()
            self.assertFalse([form for form in known_key.forms() if form in content], path)

    def test_shipped_binary(self):
        """What the driver sends is what the executors run: they know no other place of it."""
        path = f"{self.job.folder}/run.key"
        self.run_job(key=sluice_spark.Key.file(path), is_shipped=True)
        self.assert_same_bytes()
        attempts = {
            (self.job.folder / "control" / str(number) / "program").read_text()
            for number in range(1, len(self.job.begun()) + 1)}
        self.assertNotIn(str(self.job.gate) + "\n", attempts)

    def test_failure_for_good(self):
        """A source that changes under the tasks ends the job, with what `sluice` says of it."""
        key = sluice_spark.Key.new()
        plan = sluice_spark.plan_tasks(
            str(self.job.gate), f"{self.job.folder}/pipeline.yaml", f"{self.job.folder}/work", key,
            now=NOW, range_bytes=60000)
        (self.job.folder / "in" / "0.jsonl").write_text("".join(lines(5, 3000)))
        sluice_spark.share_code()
        with self.assertRaisesRegex(sluice_spark.SluiceError, "has changed") as raised:
            sluice_spark.check(sluice_spark.run_tasks(
                self.spark, plan, str(self.job.gate), False, key))
        self.assertEqual(raised.exception.status, 4)
        self.assertEqual(self.job.results(), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
