"""`python3 -m autocv`: serves until it is told to stop."""

import argparse
import os
import sys

from .service import make_server


def main():
    parser = argparse.ArgumentParser(prog="autocv", description="CVs from JSON, as pages")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--data", default="data", help="folder of the CVs")
    parser.add_argument("--dist", default=os.environ.get("DIST", "frontend/dist"), help="folder of the built front end")
    arguments = parser.parse_args()
    try:
        server = make_server(arguments.host, arguments.port, arguments.data, arguments.dist)
    except OSError as error:
        sys.exit(f"autocv: {error}")
    print(f"listening on http://{arguments.host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


main()
