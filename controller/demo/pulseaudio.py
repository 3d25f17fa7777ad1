"""How we run PulseAudio: what it loads, its environment, its start and its end."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from controller.errors import ControllerError

SAMPLE_RATE_HZ = 48_000
MAX_DEVICES = 32  # PulseAudio's PA_CHANNELS_MAX
STARTS_WITHIN_SECONDS = 10.0
STOPS_WITHIN_SECONDS = 3.0

DAEMON = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
# In place of ALSA's own: PortAudio then sees "pulse" and "default" and probes nothing else.
ALSA_CONFIGURATION = """\
pcm.!default { type pulse hint { show on description "PulseAudio" } }
pcm.pulse { type pulse hint { show on description "PulseAudio" } }
ctl.!default { type pulse }
ctl.pulse { type pulse }
"""


class SoundServerFailed(ControllerError):
    """PulseAudio did not start; fact `log` is what it last said."""

    code = "sound-server"
    status = 500
    vi = "Máy chủ âm thanh PulseAudio không khởi động được: {log}"
    en = "The sound server PulseAudio did not start: {log}"


def channel_map(devices: int) -> str:
    """Return the channels of the shared card in PulseAudio's words; channel n is device n."""
    return ",".join(f"aux{number}" for number in range(devices))


def modules_script(devices: int, folder: Path) -> str:
    """Return the start script: one silent card of `devices` channels, a mono sink on each."""
    # Without rewinds the monitor has no gaps and latency is 50 ms at most.
    air = f"norewinds=1 rate={SAMPLE_RATE_HZ} channels={devices}"
    one = "master=air channels=1 channel_map=mono remix=no"
    modules = [
        f"module-null-sink sink_name=air format=s16le {air} channel_map={channel_map(devices)}",
        *(
            f"module-remap-sink sink_name=device{number} {one} master_channel_map=aux{number}"
            for number in range(devices)
        ),
        # The last, for its socket says that all is ready; the folder is ours alone (0700).
        f"module-native-protocol-unix socket={folder}/native auth-anonymous=1",
    ]
    return "\n".join(f"load-module {module}" for module in modules)


def start_daemon(folder: Path) -> subprocess.Popen[bytes]:
    """Start PulseAudio on `devices.pa` of this folder; its log and files stay in there.

    Raises SoundServerFailed when the program cannot be run.
    """
    command = [*DAEMON, "--log-target=stderr", f"--file={folder}/devices.pa"]
    with (folder / "pulseaudio.log").open("wb") as log:
        try:
            return subprocess.Popen(
                command, env=_private_environment(folder), stdin=subprocess.DEVNULL, stderr=log
            )
        except OSError as error:
            raise SoundServerFailed(log=error) from error


def wait_until_ready(daemon: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when players can connect. Raises SoundServerFailed with what PulseAudio said."""
    is_ready = False
    for _ in range(round(STARTS_WITHIN_SECONDS / 0.02)):
        is_ready = (folder / "native").is_socket()
        if is_ready or daemon.poll() is not None:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(0.02)
    lines = (folder / "pulseaudio.log").read_text(errors="replace").splitlines()
    log = "\n".join(line for line in lines if "bus" not in line.lower())  # D-Bus is not missed
    if not is_ready or "module.c: Failed to" in log:  # which PulseAudio itself puts up with
        raise SoundServerFailed(log=log[-1000:])


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, frozen or not: asked first, killed after 3 s."""
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(STOPS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _private_environment(folder: Path) -> dict[str, str]:
    shared = {key: value for key, value in os.environ.items() if not key.startswith("PULSE_")}
    for key in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        shared.pop(key, None)
    private = ("HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH")
    return shared | dict.fromkeys(private, str(folder))
