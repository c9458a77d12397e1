"""The command of the guest book: python3 run.py serve | migrate | make-migrations"""

import sys

from guestbook import migrations, server

COMMANDS = {
    "serve": server.serve,
    "migrate": lambda: print("applied:", *migrations.apply()),
    "make-migrations": lambda: print("made:", migrations.make()),
}
COMMANDS[sys.argv[1]]()
