import subprocess


def listed(user):
    return subprocess.run(["sudo", "-u", user, "rclone", "ls"])
