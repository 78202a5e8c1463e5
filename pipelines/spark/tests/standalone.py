"""A Spark cluster of real processes on one machine: a master and two workers. Each worker has a
loopback address of its own: Spark puts no speculative copy on a host that already runs one."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import time

#: Less memory and time for processes that live for a minute.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds, what):
    """Waits until `condition` is true; what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not come about within {seconds} s")


def children(parent):
    """The processes that `parent` started, and theirs."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(name))
            found += children(int(name))
    return found


def words(process):
    """The command line of a process."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


class Cluster:
    """Starts with its making; everything it started ends with `stop`."""

    def __init__(self, folder):
        import pyspark

        self.folder = folder
        self.home = os.path.dirname(pyspark.__file__)
        self.port = free_port()
        self.processes = []
        self.logs = []
        atexit.register(self.stop)
        self.environment = {
            **os.environ, "SPARK_HOME": self.home, "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": JAVA, "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1",
        }
        self.url = f"spark://127.0.0.1:{self.port}"
        self.start(
            "master", "org.apache.spark.deploy.master.Master", "127.0.0.1",
            ["--port", str(self.port), "--webui-port", str(free_port())])
        wait_for(lambda: self.listens(), 180, "the master")
        self.workers = [self.start_worker(number) for number in (1, 2)]

    def start_worker(self, number):
        address = f"127.0.0.{number}"
        return self.start(
            f"worker-{number}", "org.apache.spark.deploy.worker.Worker", address,
            ["--cores", "1", "--memory", "1g", "--webui-port", str(free_port()),
             "--work-dir", f"{self.folder}/work-{number}", self.url])

    def start(self, name, kind, address, options):
        log = open(f"{self.folder}/{name}.log", "wb")
        self.logs.append(log)
        process = subprocess.Popen(
            [f"{self.home}/bin/spark-class", kind, "--host", address, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**self.environment, "SPARK_LOCAL_IP": address})
        self.processes.append(process)
        return process

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def submit(self, script, options, settings=(), log="driver"):
        """Starts a driver; its process group is its own."""
        conf = {
            "spark.ui.enabled": "false", "spark.executor.memory": "512m", "spark.cores.max": "2",
            "spark.driver.extraJavaOptions": JAVA, "spark.executor.extraJavaOptions": JAVA,
            "spark.executor.cores": "1", "spark.sql.shuffle.partitions": "2",
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
            "spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file://{self.events()}",
            # Tests look into it.
            "spark.eventLog.compress": "false",
            **dict(settings),
        }
        command = [f"{self.home}/bin/spark-submit", "--master", self.url, "--driver-memory", "512m"]
        for name, value in conf.items():
            command += ["--conf", f"{name}={value}"]
        output = open(f"{self.folder}/{log}.log", "wb")
        self.logs.append(output)
        process = subprocess.Popen(
            [*command, script, *options], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=self.environment, start_new_session=True)
        self.processes.append(process)
        return process

    def events(self):
        """The folder of Spark's event logs."""
        path = f"{self.folder}/events"
        os.makedirs(path, exist_ok=True)
        return path

    def executors(self, worker):
        """The executor processes of a worker."""
        return [
            process for process in children(worker.pid)
            if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in words(process)]

    def end(self, process):
        """Ends a process that was started here, if it still runs, and what it has started."""
        if process.poll() is not None:
            return
        for victim in [*children(process.pid), process.pid]:
            try:
                os.kill(victim, signal.SIGCONT)
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()

    def stop(self):
        """Ends everything that was started here and still runs."""
        processes, self.processes = self.processes, []
        for process in reversed(processes):
            self.end(process)
        for log in self.logs:
            log.close()
