"""A real SLURM of one node, for tests: python node.py FOLDER, as root, in a mount and a network namespace of its own.

It sees FOLDER's configuration at /etc/slurm and nothing but the loopback device, so whatever SLURM the machine has is
neither read nor touched, and no job reaches a network. Lines on standard input: `down` kills slurmd, `up` starts it
again; at the end of the input the daemons are ended and, with the namespaces, all that they mounted.
"""

import fcntl
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

CPUS, GPUS = 4, 2  # advertised, whatever the machine has

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
EnforcePartLimits=ALL
MinJobAge=3600
KillWait=30
OverTimeLimit=0
SlurmctldTimeout=30
SlurmdTimeout=30
DefMemPerCPU=100
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket={cpus} ThreadsPerCore=1 \
RealMemory=64000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES DefaultTime=00:10:00 MaxTime=1-00:00:00 State=UP
PartitionName=gpu Nodes={host} Default=NO DefaultTime=00:10:00 MaxTime=1-00:00:00 State=UP
"""


def loopback_up() -> None:
    """The loopback device, with one more address: with 127.0.0.1 alone glibc resolves none to listen on."""
    address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton("192.0.2.1"))
    with socket.socket() as some:
        fcntl.ioctl(some, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up and running
        fcntl.ioctl(some, 0x8916, address)  # SIOCSIFADDR


def prepare(folder: Path) -> None:
    host = socket.gethostname().split(".")[0]
    for name in ("etc", "munge", "state", "spool", "devices"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(GPUS):
        if not (device := folder / f"devices/gpu{number}").exists():
            os.mknod(device, 0o20666, os.makedev(1, 3))  # /dev/null by another name
    text = CONFIGURATION.format(host=host, folder=folder, cpus=CPUS, gpus=GPUS)
    (folder / "etc/slurm.conf").write_text(text)
    (folder / "etc/gres.conf").write_text(
        f"AutoDetect=off\nNodeName={host} Name=gpu File={folder}/devices/gpu[0-{GPUS - 1}]\n"
    )
    (folder / "munge.key").write_bytes(secrets.token_bytes(1024))
    (folder / "munge.key").chmod(0o600)
    for target, source in (("/etc/slurm", "etc"), ("/run/munge", "munge")):
        Path(target).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", folder / source, target], check=True)


def start(folder: Path, name: str, *command: str) -> subprocess.Popen:
    with (folder / f"{name}.out").open("a") as log:
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    (folder / f"{name}.started").write_text(str(daemon.pid))
    return daemon


def start_slurmd(folder: Path) -> subprocess.Popen:
    return start(folder, "slurmd", "slurmd", "-D")


def idle(seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True)
        if seen.stdout.split() and set(seen.stdout.split()) <= {"idle", "mixed", "allocated"}:
            return True
        time.sleep(0.2)
    return False


def main(folder: Path) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; the end of the input is for us
    loopback_up()
    prepare(folder)
    munge = ["--socket=/run/munge/munge.socket.2", f"--key-file={folder}/munge.key", f"--pid-file={folder}/munged.pid"]
    munge += [f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed"]
    daemons = {"munged": start(folder, "munged", "munged", "--foreground", "--force", *munge)}
    try:
        while not Path("/run/munge/munge.socket.2").exists() and daemons["munged"].poll() is None:
            time.sleep(0.05)
        daemons["slurmctld"] = start(folder, "slurmctld", "slurmctld", "-D")
        daemons["slurmd"] = start_slurmd(folder)
        if not idle(60):
            print(f"SLURM did not start; its logs are in {folder}", flush=True)
            return 1
        print("ready", flush=True)
        for line in sys.stdin:
            if line == "down\n":
                daemons["slurmd"].kill()
                daemons["slurmd"].wait()
            elif line == "up\n":
                daemons["slurmd"] = start_slurmd(folder)
            print("done", flush=True)
    finally:
        subprocess.run(["scancel", "--state=RUNNING,PENDING"], capture_output=True, timeout=30)
        for daemon in reversed(daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(timeout=40)
            except subprocess.TimeoutExpired:
                daemon.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
