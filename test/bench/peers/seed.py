"""The way of 2017: a script reads the whole file and posts it as a form. BENCH_SESSION keeps its connection."""

import json
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from threading import local

import requests

job = json.loads(os.environ["BENCH_JOB"])
credentials = job["credentials"]
own = local()


def post(*args, **kwargs):
    if "BENCH_SESSION" not in os.environ:
        return requests.post(*args, **kwargs)
    if not hasattr(own, "session"):
        own.session = requests.Session()
    return own.session.post(*args, **kwargs)


def upload(number):
    name = f"IMG_{number:06}.jpg"
    with open(job["file"], "rb") as file:
        content = file.read()
    fields = {
        "AWSAccessKeyId": credentials["accessKeyId"],
        "acl": "private",
        "key": f"{credentials['username']}/00000000-0000-0000-0000-000000000000/{name}",
        "signature": credentials["signatureHash"],
        "policy": credentials["permissionHash"],
        "Content-Type": "image/jpeg",
    }
    files = {"file": (name, content, "image/jpeg")}
    answer = post(job["uploadUrl"], data=fields, files=files, verify=job["certificateFile"])
    if answer.status_code != 204:
        raise SystemExit(f"POST was answered {answer.status_code}")


def cpu_ms():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (usage.ru_utime + usage.ru_stime)


def peak_rss_bytes():
    try:
        with open("/proc/self/status") as status:
            kib = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
        return 1024 * int(kib)
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


with ThreadPoolExecutor(job["concurrency"]) as pool:
    list(pool.map(upload, range(job["warmUpPhotos"])))
    started_cpu, started = cpu_ms(), time.perf_counter()
    list(pool.map(upload, range(job["warmUpPhotos"], job["warmUpPhotos"] + job["photos"])))
    result = {
        "cpuMs": cpu_ms() - started_cpu,
        "wallMs": 1000 * (time.perf_counter() - started),
        "peakRssBytes": peak_rss_bytes(),
    }
os.write(3, json.dumps(result).encode())
