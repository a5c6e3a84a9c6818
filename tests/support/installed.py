"""The wheel of this project, installed where no source tree is.

What it depends on comes from the environment of the tests, by a .pth file: nothing is downloaded.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.support.running_server import SECONDS, environment

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel alone, beside the environment of the tests."""

    wheel: Path
    sdist: Path
    folder: Path

    @property
    def site(self) -> Path:
        """Where the wheel was unpacked to."""
        return Path(sysconfig.get_path("purelib", vars={"base": str(self.folder)}))

    def run(
        self, *command: str | Path, cwd: Path | None = None, seconds: float = SECONDS, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """A command of the environment, in a folder that has nothing of the project."""
        first, *rest = map(str, command)
        return subprocess.run(
            [str(self.folder / "bin" / first), *rest],
            cwd=cwd or self.folder,
            env=environment(**more),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


def install(folder: Path) -> Installed:
    """Build the wheel and install it below a folder."""
    dist, target = folder / "dist", folder / "environment"
    make = ["make", "-o", f"{sys.prefix}/.run", "wheel", f"VENV={sys.prefix}", f"DIST={dist}"]
    subprocess.run(make, cwd=ROOT, check=True, capture_output=True, timeout=SECONDS)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    done = Installed(wheel, sdist, target)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", target], check=True, timeout=SECONDS)
    uv = [f"{sys.prefix}/bin/uv", "pip", "install", "--quiet", "--offline", "--no-deps"]
    subprocess.run([*uv, "--python", f"{target}/bin/python", str(wheel)], check=True, timeout=SECONDS)
    # A path in a .pth file comes last, and .pth files in it are not read: the editable project stays out.
    (done.site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return done
