"""Runs a Sluice pipeline as tasks of Dask: the contract of `sluice plan`, `task` and `commit`, once
more, with another scheduler. An example to start from for any scheduler that calls functions.

    python sluice_dask.py --scheduler tcp://HOST:PORT --pipeline PIPELINE --work FOLDER [options]

What holds for Spark holds here: no record passes through Dask, the same files come of it as of
`sluice run`, and a worker that dies, or comes back late, changes nothing.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "spark"))
import sluice_spark as contract  # noqa: E402

#: How often a failure that may pass is tried again.
RETRIES = 3


def run(client, pipeline, work, *, key=None, sluice="sluice", **options):
    """Runs `pipeline` on the Dask client `client`; returns the report of `sluice commit`.

    `options` are those of `plan_tasks`. Raises `SluiceError` for what trying again would not mend.
    """
    from distributed import get_worker

    plan = contract.plan_tasks(sluice, pipeline, work, key, **options)

    def run_jobs(jobs, key):
        def one(job):
            return contract.attempt(sluice, job, key, f"dask-{get_worker().id[-12:]}")

        # Not pure: what a worker says is worth nothing, what it has published is.
        futures = client.map(one, jobs, retries=RETRIES, pure=False)
        contract.check([json.loads(answer) for answer in client.gather(futures)])

    if not plan["complete"] and plan["tasks"]:
        share_code()
        run_jobs(contract.task_jobs(plan), key)
        run_jobs(contract.merge_jobs(plan), None)
    return contract.command(sluice, ["commit", plan["folder"], "--json"])


def share_code():
    """Lets workers run the functions of these files without having them."""
    import cloudpickle

    for module in (contract, sys.modules[__name__]):
        if module.__name__ != "__main__":
            cloudpickle.register_pickle_by_value(module)


def main(words=None):
    from distributed import Client

    parser = contract.parser("sluice_dask.py", __doc__)
    parser.add_argument("--scheduler", required=True, help="the address of Dask's scheduler")
    asked = parser.parse_args(words)
    try:
        with Client(asked.scheduler) as client:
            report = run(
                client, asked.pipeline, asked.work, key=contract.asked_key(asked),
                sluice=asked.sluice, **contract.asked_options(asked))
    except contract.SluiceError as error:
        print(f"sluice_dask: {error}", file=sys.stderr)
        return error.status
    except RuntimeError as error:  # What `attempt` raised last, when all tries are used up.
        status, words = contract.used_up(error)
        if status is None:
            raise
        print(f"sluice_dask: {words}", file=sys.stderr)
        return status
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
