"""
curl -F from disk: one process that keeps its connections, for many files. Measured from outside by wait4(2), which is
exact for one process; what it costs to start and to warm up is measured in the same way, and taken off.
"""

import json
import os
import sys
import tempfile
import time

job = json.loads(os.environ["BENCH_JOB"])
credentials = job["credentials"]


def transfer(number):
    name = f"IMG_{number:06}.jpg"
    fields = {
        "AWSAccessKeyId": credentials["accessKeyId"],
        "acl": "private",
        "key": f"{credentials['username']}/00000000-0000-0000-0000-000000000000/{name}",
        "signature": credentials["signatureHash"],
        "policy": credentials["permissionHash"],
        "Content-Type": "image/jpeg",
        "file": f"@{job['file']};filename={name};type=image/jpeg",
    }
    lines = [f'form = "{field}={value}"' for field, value in fields.items()]
    # Without an "Expect: 100-continue", which would cost a round trip.
    lines += ["fail", "fail-early", "silent", "show-error", 'header = "Expect:"', "output = /dev/null"]
    return "\n".join([*lines, f'cacert = "{job["certificateFile"]}"', f'url = "{job["uploadUrl"]}"'])


def measure(photos):
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(job["file"])) as config:
        config.write("\nnext\n".join(transfer(number) for number in range(photos)))
        config.flush()
        command = ["curl", "--disable", "--http1.1", "--config", config.name]
        if job["concurrency"] > 1:
            command[2:2] = ["--parallel", "--parallel-max", str(job["concurrency"])]
        started = time.perf_counter()
        child = os.posix_spawnp("curl", command, os.environ)
        _, status, usage = os.wait4(child, 0)
        wall_ms = 1000 * (time.perf_counter() - started)
    if status != 0:
        raise SystemExit(f"curl ended with {os.waitstatus_to_exitcode(status)}")
    # In KiB, but on macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return 1000 * (usage.ru_utime + usage.ru_stime), wall_ms, unit * usage.ru_maxrss


idle_cpu_ms, idle_wall_ms, _ = measure(job["warmUpPhotos"])
cpu_ms, wall_ms, peak_rss_bytes = measure(job["warmUpPhotos"] + job["photos"])
result = {"cpuMs": cpu_ms - idle_cpu_ms, "wallMs": wall_ms - idle_wall_ms, "peakRssBytes": peak_rss_bytes}
os.write(3, json.dumps(result).encode())
