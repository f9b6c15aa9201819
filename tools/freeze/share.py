"""`share.py FOLDER PROGRAM`: write menu entry, metadata, icons and manual page below FOLDER, as in /usr/share."""

import gzip
import os
import sys
from pathlib import Path

from edge_app.cli import make_parser
from edge_app.system.desktop.launcher import launcher_files
from edge_app.version import __version__


def manual() -> str:
    """Return the manual page: the output of --help."""
    os.environ["COLUMNS"] = "80"
    text = make_parser().format_help().replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    text = text.replace("\n.", "\n\\&.")
    return (
        f'.TH DIGITPAD 1 "" "digitpad {__version__}"\n.SH NAME\ndigitpad \\- read handwritten numbers\n'
        f".SH SYNOPSIS\n.B digitpad\n[options] [command]\n.SH DESCRIPTION\n.nf\n{text}.fi\n"
    )


def main() -> None:
    """Write the files."""
    folder, program = Path(sys.argv[1]), sys.argv[2]
    files = {
        **launcher_files([program], None),
        "man/man1/digitpad.1.gz": gzip.compress(manual().encode(), 9, mtime=0),
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
