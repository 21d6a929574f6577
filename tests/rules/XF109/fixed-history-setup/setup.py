import subprocess

from setuptools import setup

setup(name="shop", version=subprocess.check_output(["git", "describe"], text=True))
