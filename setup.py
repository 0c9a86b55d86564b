"""What pyproject.toml has no word for: the folder ``core/library`` is installed as the package ``unrolled``."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["app*", "core*"]), "unrolled"], package_dir={"unrolled": "core/library"})
