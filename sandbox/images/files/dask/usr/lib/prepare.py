"""Says which of the requirements given as arguments this test image does not hold; ends with 1 where there are any."""
import sys
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement


def missing(text):
    requirement = Requirement(text)
    try:
        return version(requirement.name) not in requirement.specifier
    except PackageNotFoundError:
        return True


wanted = [text for text in sys.argv[1:] if missing(text)]
if wanted:
    sys.exit(f"this test image installs nothing, and it has no {', '.join(wanted)}")
