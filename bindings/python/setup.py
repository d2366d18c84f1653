"""Puts the shared library into the wheel, which is then for one platform and any Python 3.

RPMADB_LIBRARY names the library. Everything else is in pyproject.toml.
"""

import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

NAMES = {"win32": "rpmadb.dll", "darwin": "librpmadb.dylib"}


def library() -> Path:
    named = os.environ.get("RPMADB_LIBRARY")
    if not named:
        raise SystemExit("RPMADB_LIBRARY must name the shared library that goes into the wheel")
    return Path(named)


class BuildPy(build_py):
    def run(self) -> None:
        super().run()
        folder = Path(self.build_lib) / "rpmadb"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library(), folder / NAMES.get(sys.platform, "librpmadb.so"))


class Wheel(bdist_wheel):
    def get_tag(self) -> "tuple[str, str, str]":
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        if platform.startswith("linux_"):
            # The oldest glibc that has everything the library asks for.
            needed = re.findall(rb"GLIBC_(\d+)\.(\d+)", library().read_bytes())
            major, minor = max((int(major), int(minor)) for major, minor in needed)
            platform = f"manylinux_{major}_{minor}_{platform[len('linux_') :]}"
        return "py3", "none", platform


class Binary(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(cmdclass={"build_py": BuildPy, "bdist_wheel": Wheel}, distclass=Binary)
