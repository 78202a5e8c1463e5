"""Failures of `sluice` that may pass, in a Spark that does everything in one process.

`SLUICE` names the binary.
"""

import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import sluice_spark  # noqa: E402
from job import Job  # noqa: E402


class AttemptTests(unittest.TestCase):
    def setUp(self):
        from pyspark.sql import SparkSession

        self.scratch = tempfile.TemporaryDirectory(prefix="sluice-attempts-")
        self.addCleanup(self.scratch.cleanup)
        self.job = Job(self.scratch.name)
        os.environ["PYSPARK_PYTHON"] = sys.executable
        # Two tasks at a time, and two attempts at each. The script takes the session that is there.
        spark = (
            SparkSession.builder.master("local[2,2]").config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false").getOrCreate())
        spark.sparkContext.setLogLevel("OFF")
        self.addCleanup(spark.stop)

    def submit(self):
        """The exit status of the script, and what it says."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            status = sluice_spark.main(self.job.options("--new-key"))
        return status, said.getvalue()

    def test_what_passes_is_tried_again(self):
        """Storage that fails twice, under two tasks, is there the third time."""
        self.job.fail(2)
        status, said = self.submit()
        self.assertEqual(status, 0, said)
        begun = self.job.begun()
        self.assertEqual(len(begun), len(set(begun)) + 2)
        self.assertEqual(self.job.results(), self.job.expected)

    def test_what_does_not_pass_ends_the_job(self):
        """When all attempts are used up, with the status of the last one."""
        self.job.fail(1000)
        status, said = self.submit()
        self.assertEqual(status, 6, said)
        self.assertRegex(said, r"sluice_spark: sluice task task-\w+: exit status 6, may pass")
        begun = self.job.begun()
        self.assertEqual(max(begun.count(name) for name in begun), 2)
        self.assertEqual(self.job.results(), {})

    def test_other_failures_are_told_as_they_are(self):
        """A failure that is not one of `sluice` keeps its own words."""
        self.assertEqual(sluice_spark.used_up(RuntimeError("no space")), (None, ""))
        killed = RuntimeError("sluice task task-0: exit status -9, may pass")
        self.assertEqual(sluice_spark.used_up(killed)[0], 137)

    def test_a_merge_is_told_like_a_task(self):
        """The name of a merge is the number of its bucket."""
        merge = "sluice reduce 0: exit status 6, may pass"
        self.assertEqual(sluice_spark.used_up(RuntimeError(f"at stage 3: {merge}")), (6, merge))


if __name__ == "__main__":
    unittest.main(verbosity=2)
